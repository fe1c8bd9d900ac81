/** Ways in which a stack's newest state goes bad, done behind the product's back, and what must still be true afterwards. */
import pg from "pg";
import { listStateVersions } from "../src/automation/recovery/state-versions.ts";
import { databaseName } from "../src/domain/names.ts";
import type { ControlPlane } from "../test/support/control-plane.ts";
import type { ScratchPostgres } from "../test/support/postgres.ts";

/** How the row's JSON is changed; `null` removes the row. */
type Spoil = (base64: string) => string | null;

/** Each kind of damage: what a torn write, a slip of the hand or a lost row leaves. */
export const damages: Readonly<Record<string, Spoil>> = {
  truncated: (base64) => base64.slice(0, Math.floor(base64.length / 2)),
  emptied: () => "",
  overwritten: () => Buffer.from("\0".repeat(4096)).toString("base64"),
  hollow: () => Buffer.from(JSON.stringify({ version: 3, checkpoint: {} })).toString("base64"),
  "half its resources": (base64) => {
    const state = JSON.parse(Buffer.from(base64, "base64").toString("utf8"));
    // The owners go, what hangs on them stays: no engine writes that.
    const { resources } = state.checkpoint.latest;
    state.checkpoint.latest.resources = resources.slice(Math.ceil(resources.length / 2));
    return Buffer.from(JSON.stringify(state)).toString("base64");
  },
  deleted: () => null,
};

/**
 * Damages a stack's state as the server's superuser.
 * @param trail whether the product's triggers see it: a hand that knows the generation leaves one, a disk does not
 */
export async function damageState(
  { server, plane }: Workshop,
  deploymentId: string,
  { kind, trail }: { kind: string; trail: boolean },
): Promise<void> {
  await asSuperuser(server, plane.backend.database, async (client) => {
    await client.query("BEGIN");
    if (!trail) await client.query("SET LOCAL session_replication_role = replica");
    await client.query(
      `SELECT set_config('onvera.generation', generation::text, true) FROM onvera.stack_fences WHERE stack_name = $1`,
      [deploymentId],
    );
    const { rows } = await client.query<{ key: string; data: { data: string } }>(
      "SELECT key, data FROM pulumi.pulumi_state WHERE key LIKE $1",
      [`%/stacks/%/${deploymentId}.json`],
    );
    const [row] = rows;
    if (row === undefined) throw new Error(`${deploymentId} has no state to damage`);
    const spoiled = damages[kind]?.(row.data.data);
    if (spoiled === null) await client.query("DELETE FROM pulumi.pulumi_state WHERE key = $1", [row.key]);
    else {
      await client.query("UPDATE pulumi.pulumi_state SET data = $2 WHERE key = $1", [
        row.key,
        JSON.stringify({ data: spoiled }),
      ]);
    }
    await client.query("COMMIT");
  });
}

export interface Workshop {
  server: ScratchPostgres;
  plane: ControlPlane;
}

/** What a deployment has on the server, told apart from anything made a second time by the server's own object ids. */
export interface Holdings {
  objects: Map<string, number>;
  /** Databases and roles the state says there are, by the same names. */
  recorded: string[];
  /** Rows of the table that was written into its database. */
  rows: number;
}

/** Writes a row into the deployment's database, as its app would. */
export async function writeRow({ server }: Workshop, deploymentId: string): Promise<void> {
  await asSuperuser(server, databaseName(deploymentId), async (client) => {
    await client.query("CREATE TABLE IF NOT EXISTS kept (word text)");
    await client.query("INSERT INTO kept VALUES ('still here')");
  });
}

/** Looks with the server's own catalogue; no product code is asked. */
export async function holdings({ server, plane }: Workshop, deploymentId: string): Promise<Holdings> {
  const like = `${databaseName(deploymentId)}%`.replaceAll("_", "\\_");
  const objects = await asSuperuser(server, "postgres", async (client) => {
    const { rows } = await client.query<{ name: string; oid: number }>(
      `SELECT 'database ' || datname AS name, oid::int FROM pg_database WHERE datname LIKE $1
       UNION ALL SELECT 'role ' || rolname, oid::int FROM pg_roles WHERE rolname LIKE $1`,
      [like],
    );
    return new Map(rows.map(({ name, oid }) => [name, oid]));
  });
  const rows = objects.has(`database ${databaseName(deploymentId)}`)
    ? await asSuperuser(server, databaseName(deploymentId), async (client) => {
        const found = await client.query("SELECT to_regclass('kept') AS name");
        if (found.rows[0]?.name === null) return 0;
        return Number((await client.query("SELECT count(*) AS n FROM kept")).rows[0].n);
      })
    : 0;
  return { objects, rows, recorded: await recordedIn(server, plane.backend.database, deploymentId) };
}

interface StoredResource {
  type: string;
  id?: string;
}

/** The state as it lies in its table, read without the product's reader. */
async function recordedIn(server: ScratchPostgres, database: string, deploymentId: string): Promise<string[]> {
  const base64 = await asSuperuser(server, database, async (client) => {
    const { rows } = await client.query<{ text: string }>(
      "SELECT data ->> 'data' AS text FROM pulumi.pulumi_state WHERE key LIKE $1",
      [`%/stacks/%/${deploymentId}.json`],
    );
    return rows[0]?.text;
  });
  if (base64 === undefined) return [];
  const { checkpoint } = JSON.parse(Buffer.from(base64, "base64").toString("utf8"));
  const kinds: Record<string, string> = { Database: "database", Role: "role" };
  return (checkpoint.latest?.resources ?? []).flatMap(({ type, id }: StoredResource) => {
    const kind = kinds[type.split(":").at(-1) ?? ""];
    return kind === undefined ? [] : [`${kind} ${id}`];
  });
}

/** The version before the newest, as an operator would choose it. */
export async function previousVersion({ plane }: Workshop, deploymentId: string): Promise<number> {
  const whole = (await listStateVersions(plane.store, deploymentId)).filter(({ fault }) => fault === null);
  const chosen = whole[1] ?? whole[0];
  if (chosen === undefined) throw new Error(`No version of ${deploymentId} is kept`);
  return chosen.version;
}

async function asSuperuser<T>(
  server: ScratchPostgres,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString: server.connectionString(database) });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
