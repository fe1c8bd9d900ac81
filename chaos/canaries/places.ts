/** Every place a secret could have got to, piece by piece: databases, files, the API's answers, what the command line prints. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import pg from "pg";
import { declaredRoutes } from "../../src/server/contracts/registry.ts";
import { dumpDatabase } from "../../test/support/canary.ts";
import type { Installation } from "../../test/support/installation.ts";

/** Takes one piece of text or bytes with the name of its place. */
export type Look = (where: string, content: string | Buffer) => void;

/** What the server itself keeps of logins and statements; `pg_tables` does not name it. */
const catalogues = ["pg_authid", "pg_db_role_setting", "pg_shdescription", "pg_stat_activity", "pg_database"];

/** Every row of every table of every database of the server. @param server connection string of its superuser */
export async function lookAtDatabases(server: URL, look: Look): Promise<number> {
  const at = (database: string) => {
    const url = new URL(server);
    url.pathname = `/${encodeURIComponent(database)}`;
    return url.href;
  };
  const client = new pg.Client({ connectionString: at("postgres") });
  await client.connect();
  let databases: string[];
  try {
    for (const name of catalogues) {
      const { rows } = await client.query<{ text: string }>(`SELECT t::text AS text FROM ${name} AS t`);
      for (const { text } of rows) look(`table: ${name}`, text);
    }
    const { rows } = await client.query<{ datname: string }>("SELECT datname FROM pg_database WHERE datallowconn");
    databases = rows.map(({ datname }) => datname);
  } finally {
    await client.end();
  }
  for (const name of databases) {
    await dumpDatabase(at(name), (table, text) => look(`table: ${name} ${table}`, text));
  }
  return databases.length;
}

/** Every file below a folder, the server's own data and write-ahead log included. */
export function lookAtFiles(folder: string, look: Look): number {
  let files = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    try {
      look(`file: ${relative(folder, file)}`, readFileSync(file));
      files += 1;
    } catch {
      // Removed since it was listed: a spool file, a segment of the log.
    }
  }
  return files;
}

/** Ids to fill in by the name of the path's parameter: every one of them is asked for. */
export type Ids = Readonly<Record<string, readonly string[]>>;

/** A stream has no end: what comes in this time is looked at. */
const STREAM_MILLISECONDS = 3000;

/** The answers to every GET there is, as one caller. */
export async function lookAtAnswers(
  { base, caller, headers, ids }: { base: string; caller: string; headers: Record<string, string>; ids: Ids },
  look: Look,
): Promise<number> {
  const gets = declaredRoutes.filter(({ method }) => method === "GET");
  const asked = gets.flatMap(({ operationId, path }) => filledIn(path, ids).map((url) => ({ operationId, url })));
  await Promise.all(
    asked.map(async ({ operationId, url }) => {
      const text = await readFor(`${base}${url}`, headers);
      look(`API: ${caller} ${operationId}`, text);
    }),
  );
  return asked.length;
}

function filledIn(path: string, ids: Ids): string[] {
  const parameter = /\{(\w+)\}/.exec(path)?.[1];
  if (parameter === undefined) return [path];
  return (ids[parameter] ?? []).flatMap((id) => filledIn(path.replace(`{${parameter}}`, id), ids));
}

async function readFor(url: string, headers: Record<string, string>): Promise<string> {
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), STREAM_MILLISECONDS);
  let text = "";
  try {
    const answer = await fetch(url, { headers, signal: end.signal });
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) text += decoder.decode(chunk as Uint8Array, { stream: true });
  } catch {
    // The time was over; what came until then counts.
  } finally {
    clearTimeout(timer);
  }
  return text;
}

/** What the command line prints, on both outputs. */
export async function lookAtCommands(
  installation: Installation,
  lines: readonly string[][],
  look: Look,
): Promise<number> {
  for (const line of lines) {
    const { stdout, stderr } = await installation.onvera(line);
    look(`command: ${line[0]} ${line[1]}`, `${stdout}\n${stderr}`);
  }
  return lines.length;
}
