/** Secrets that can be found again in whatever form they leak, and the search for them (R8). */
import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import pg from "pg";

/** A value that occurs nowhere by chance: letters and digits only, so that its URL and JSON forms are itself. */
export const canary = (name: string): string =>
  `cnry${name.replaceAll(/[^A-Za-z0-9]/g, "")}${randomBytes(12).toString("hex")}`;

/**
 * The forms a secret may take on its way: itself, hex, JSON escapes, percent escapes, base64 at each of three offsets.
 * @param value text, or the bytes of a key
 */
export function canaryForms(value: string | Buffer): string[] {
  const bytes = Buffer.from(value);
  const text = bytes.toString("latin1");
  const each = (write: (code: number) => string) => [...bytes].map(write).join("");
  const hex = bytes.toString("hex");
  return [
    text,
    text.toUpperCase(),
    JSON.stringify(text).slice(1, -1),
    encodeURIComponent(text),
    hex,
    hex.toUpperCase(),
    each((code) => `\\u00${code.toString(16)}`),
    each((code) => `%${code.toString(16)}`),
    ...[0, 1, 2].flatMap((offset) => {
      const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString("base64");
      // What shares a group of four with a neighbour depends on that neighbour.
      const sure = encoded.slice(offset === 0 ? 0 : 4, Math.floor((offset + bytes.length) / 3) * 4);
      return [sure, sure.replaceAll("+", "-").replaceAll("/", "_")];
    }),
  ];
}

export interface CanaryHit {
  canary: string;
  where: string;
}

export interface CanarySearch {
  /** Looks for every canary in one piece of text or bytes; remembers the hits. */
  look(where: string, content: string | Buffer): void;
  hits: readonly CanaryHit[];
  /** Pieces looked at. */
  looked(): number;
}

/**
 * A search for named secrets.
 * @param canaries name to value
 * @param allowed where a canary may stand, with the reason in the caller's comment
 */
export function searchCanaries(
  canaries: Readonly<Record<string, string | Buffer>>,
  allowed: (hit: CanaryHit) => boolean = () => false,
): CanarySearch {
  const find = findNeedles(
    Object.entries(canaries).flatMap(([name, value]) => canaryForms(value).map((form) => ({ name, form }))),
  );
  const hits: CanaryHit[] = [];
  let pieces = 0;
  const lookAt = (where: string, bytes: Buffer) => {
    for (const name of find(bytes)) if (!allowed({ canary: name, where })) hits.push({ canary: name, where });
  };
  return {
    hits,
    looked: () => pieces,
    look(where, content) {
      pieces += 1;
      const bytes = inflated(Buffer.from(content));
      lookAt(where, bytes);
      // State and settings stand in the database as base64 of JSON: what is inside is looked at too.
      for (const [run] of bytes.toString("latin1").matchAll(/[A-Za-z0-9+/]{64,}={0,2}/g)) {
        lookAt(`${where} (decoded)`, inflated(Buffer.from(run, "base64")));
      }
    },
  };
}

/** The needles' names that occur in some bytes; each byte is looked at once, however many needles there are. */
function findNeedles(needles: readonly { name: string; form: string }[]): (bytes: Buffer) => Set<string> {
  const starts = new Uint8Array(1 << 16);
  const byStart = new Map<number, { name: string; bytes: Buffer }[]>();
  for (const { name, form } of needles) {
    const bytes = Buffer.from(form, "latin1");
    // Shorter ones occur by chance.
    if (bytes.length < SHORTEST_FORM) continue;
    starts[bytes.readUInt16BE(0)] = 1;
    const key = bytes.readUInt32BE(0);
    byStart.set(key, [...(byStart.get(key) ?? []), { name, bytes }]);
  }
  return (bytes) => {
    const found = new Set<string>();
    for (let at = 0; at + SHORTEST_FORM <= bytes.length; at++) {
      if (starts[((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)] === 0) continue;
      for (const needle of byStart.get(bytes.readUInt32BE(at)) ?? []) {
        if (bytes.subarray(at, at + needle.bytes.length).equals(needle.bytes)) found.add(needle.name);
      }
    }
    return found;
  };
}

const SHORTEST_FORM = 8;

function inflated(bytes: Buffer): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch {
    return bytes;
  }
}

/** Every row of every table of a database as text, schema by schema; calls back once per row. */
export async function dumpDatabase(
  connectionString: string,
  row: (table: string, text: string) => void,
): Promise<{ tables: number; rows: number }> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    // A search must see every row, whoever it belongs to.
    await client.query("SET onvera.scope = 'platform'");
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`,
    );
    let count = 0;
    for (const { name } of tables) {
      const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${name} AS t`);
      for (const { text } of rows) row(name, text);
      count += rows.length;
    }
    return { tables: tables.length, rows: count };
  } finally {
    await client.end();
  }
}
