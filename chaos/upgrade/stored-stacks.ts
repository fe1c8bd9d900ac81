/**
 * Ten stacks as version 0.1.0 of 2026-11-21 14:36 left them: the rows of its control database at its fifth migration, the
 * stacks' states, and a plan of each that was queued and never run. Recorded from that version, never edited.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import pg from "pg";
import { migrateWith, migrations } from "../../src/store/migrate.ts";

interface StoredStacks {
  /** What its schema had. */
  migrations: string[];
  /** Base64; nothing real was ever sealed with it. */
  masterKey: string;
  /** Rows by table. */
  tables: Record<string, Record<string, unknown>[]>;
}

/** The source and the bundle both lie two folders below the checkout. */
const file = new URL("../../chaos/upgrade/stored-stacks.json.gz", import.meta.url);

/** Reads the recording. */
export function readStoredStacks(): StoredStacks {
  return JSON.parse(gunzipSync(readFileSync(fileURLToPath(file))).toString("utf8")) as StoredStacks;
}

/**
 * Brings an empty control database to where that version had it.
 * @param superuser connection string of the superuser, for the same database
 */
export async function restoreStoredStacks(
  stored: StoredStacks,
  { connectionString, superuser }: { connectionString: string; superuser: string },
): Promise<void> {
  const then = Object.entries(migrations).filter(([name]) => stored.migrations.includes(name));
  await migrateWith(connectionString, Object.fromEntries(then));
  const client = new pg.Client({ connectionString: superuser });
  await client.connect();
  try {
    const database = new URL(superuser).pathname.slice(1);
    await client.query("BEGIN");
    // Neither references nor triggers: the rows come as they were.
    await client.query("SET LOCAL session_replication_role = replica");
    for (const [table, rows] of Object.entries(stored.tables)) {
      const [schema, name] = table.split(".");
      const columns = await client.query<{ column: string }>(
        `SELECT quote_ident(column_name) AS column FROM information_schema.columns
         WHERE table_schema = $1 AND table_name = $2 AND is_generated = 'NEVER' AND column_name = ANY($3)`,
        [schema, name, Object.keys(rows[0] ?? {})],
      );
      const list = columns.rows.map(({ column }) => column).join(", ");
      const own =
        table === "pulumi.pulumi_state" ? rows.map((row) => ({ ...row, key: `${database}${row.key}` })) : rows;
      await client.query(
        `INSERT INTO ${table} (${list}) SELECT ${list} FROM json_populate_recordset(NULL::${table}, $1) ON CONFLICT DO NOTHING`,
        [JSON.stringify(own)],
      );
    }
    await client.query("COMMIT");
  } finally {
    await client.end();
  }
}
