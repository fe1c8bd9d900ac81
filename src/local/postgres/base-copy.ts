/**
 * A copy of a running server's data folder, made from the outside: between pg_backup_start and pg_backup_stop the files
 * may be read in any order, and the write-ahead log of that time makes them agree. The server starts from it as after a crash.
 */
import { lstat } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { type Source, walk } from "../backup/sources.ts";

/** Folders the server makes anew from nothing; only their names are copied. */
const emptied = new Set([
  "pg_wal",
  "pg_replslot",
  "pg_dynshmem",
  "pg_notify",
  "pg_serial",
  "pg_snapshots",
  "pg_stat_tmp",
  "pg_subtrans",
]);

const passing =
  /(^|\/)(pgsql_tmp[^/]*|pg_internal\.init[^/]*|postmaster\.(pid|opts)|t\d+_\d+[^/]*|backup_label.*|tablespace_map.*|current_logfiles.*)$/;
const CONTROL_FILE = "global/pg_control";

/**
 * Everything a new data folder needs, the log that was written meanwhile last.
 * @param superuserUrl a connection of the server's superuser; it stays open until the last source was taken
 * @param data the folder the server runs on
 * @param as the name the folder gets in the backup
 * @throws the server's error; Error when a part of the log is missing
 */
export async function* copyCluster(superuserUrl: string, data: string, as: string): AsyncGenerator<Source, void, void> {
  const client = new pg.Client({ connectionString: superuserUrl, application_name: "onvera backup" });
  let lost: Error | undefined;
  client.on("error", (error) => {
    lost = error;
  });
  await client.connect();
  try {
    // Goes with the connection, also after a kill; until then no log is removed.
    await client.query("SELECT pg_create_physical_replication_slot($1, true, true)", [`onvera_backup_${process.pid}`]);
    await client.query("SELECT pg_backup_start('onvera backup', fast => true)");
    const owner = await lstat(data);
    yield* walk({
      from: data,
      as,
      leavesOut: (below) => below === CONTROL_FILE || passing.test(below) || emptied.has(path.dirname(below)),
    });
    // Last of the data files: a checkpoint it tells of is then in the copy.
    const control = path.join(data, CONTROL_FILE);
    yield { kind: "file", path: `${as}/${CONTROL_FILE}`, from: control, stats: await lstat(control) };
    const { rows } = await client.query<{ label: string; last: string; segment: number }>(
      `SELECT labelfile AS label, pg_walfile_name(lsn) AS last, pg_size_bytes(current_setting('wal_segment_size'))::int AS segment
       FROM pg_backup_stop(wait_for_archive => false)`,
    );
    const [stopped] = rows;
    if (!stopped) throw new Error("The database server did not say where its copy ends.");
    yield { kind: "text", path: `${as}/backup_label`, text: stopped.label, uid: owner.uid, gid: owner.gid };
    const folder = await lstat(path.join(data, "pg_wal"));
    yield { kind: "folder", path: `${as}/pg_wal/archive_status`, stats: folder };
    for (const name of segments(stopped)) {
      const from = path.join(data, "pg_wal", name);
      yield { kind: "file", path: `${as}/pg_wal/${name}`, from, stats: await lstat(from) };
    }
    if (lost) throw lost;
  } finally {
    await client.end();
  }
}

/** Names of the log's files from the one the copy begins in to the one it ends in. */
export function segments({ label, last, segment }: { label: string; last: string; segment: number }): string[] {
  const first = /\(file ([0-9A-F]{24})\)/.exec(label)?.[1];
  if (first === undefined) throw new Error("The database server did not say where its copy begins.");
  const perLog = 2 ** 32 / segment;
  const number = (name: string) =>
    Number.parseInt(name.slice(8, 16), 16) * perLog + Number.parseInt(name.slice(16), 16);
  const hex = (value: number) => value.toString(16).toUpperCase().padStart(8, "0");
  const names: string[] = [];
  for (let at = number(first); at <= number(last); at += 1) {
    names.push(first.slice(0, 8) + hex(Math.floor(at / perLog)) + hex(at % perLog));
  }
  return names;
}
