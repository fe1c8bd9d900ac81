/** A copy of a database that is being written to, by the product's own means, started elsewhere (issue 4, point 8). */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, expect, it } from "vitest";
import { silentProgress } from "../../src/domain/progress.ts";
import { DATABASE, homeFiles } from "../../src/local/backup/home-files.ts";
import { readBackup } from "../../src/local/backup/read-backup.ts";
import type { Source } from "../../src/local/backup/sources.ts";
import { writeBackup } from "../../src/local/backup/write-backup.ts";
import { currentProcess, type OnveraPaths, resolvePaths } from "../../src/local/paths.ts";
import { copyCluster } from "../../src/local/postgres/base-copy.ts";
import {
  type EmbeddedPostgres,
  ensureEmbeddedPostgres,
  stopEmbeddedPostgres,
  superuserConnection,
} from "../../src/local/postgres/embedded.ts";

const scratch: string[] = [];
const servers: OnveraPaths[] = [];
const WRITERS = 4;

async function newPaths(): Promise<OnveraPaths> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-copy-"));
  await chmod(folder, 0o711);
  scratch.push(folder);
  const environment = { ...process.env, ONVERA_HOME: path.join(folder, "home") };
  const paths = resolvePaths({ ...currentProcess(), environment });
  servers.push(paths);
  return paths;
}

const ensure = (paths: OnveraPaths) => ensureEmbeddedPostgres({ paths, progress: silentProgress, maxConnections: 40 });

async function connected<T>(server: EmbeddedPostgres, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: server.connectionString() });
  await client.connect();
  return work(client).finally(() => client.end());
}

afterAll(async () => {
  for (const paths of servers) await stopEmbeddedPostgres(paths);
  for (const folder of scratch) await rm(folder, { recursive: true, force: true });
});

it("holds every transaction that was committed before it ended, and none by half", async () => {
  const [here, there] = [await newPaths(), await newPaths()];
  const server = await ensure(here);
  await connected(server, (client) =>
    client.query("CREATE TABLE debit (writer int, n int, pad text); CREATE TABLE credit (writer int, n int, pad text)"),
  );
  let isOver = false;
  const committed = new Array<number>(WRITERS).fill(0);
  const writing = Promise.all(
    committed.map((_, writer) =>
      connected(server, async (client) => {
        for (let n = 1; !isOver; n += 1) {
          await client.query(
            `BEGIN; INSERT INTO debit SELECT ${writer}, ${n}, repeat('d', 2000);
             INSERT INTO credit SELECT ${writer}, ${n}, repeat('c', 2000);
             UPDATE debit SET pad = pad || 'x' WHERE writer = ${writer} AND n > ${n} - 20; COMMIT`,
          );
          committed[writer] = n;
          // Pages go to disk while they are copied.
          if (n % 100 === 0 && writer === 0) await client.query("CHECKPOINT");
        }
      }),
    ),
  );
  let before: number[] = [];
  async function* sources(): AsyncGenerator<Source, void, void> {
    yield* homeFiles(here.home);
    for await (const source of copyCluster(await superuserConnection(here), here.postgres.data, DATABASE)) {
      // The last data file before the copy ends: what is committed now must be in it.
      if (source.path.endsWith("/pg_control")) before = [...committed];
      yield source;
    }
  }
  const to = path.join(path.dirname(here.home), "copy.backup");
  const about = {
    format: 1 as const,
    onvera_version: "0.0.0",
    created_at: new Date().toISOString(),
    home: here.home,
    is_root: here.isRoot,
    postgres_major: Number.parseInt(server.version, 10),
    database_name: "onvera",
  };
  await writeBackup({ to, passphrase: "for this test alone", about, sources: sources() });
  isOver = true;
  await writing;
  const left = await connected(server, (client) => client.query("SELECT count(*) FROM pg_replication_slots"));
  expect(left.rows).toEqual([{ count: "0" }]);
  await stopEmbeddedPostgres(here);

  const adapt = (draft: string) => rm(path.join(draft, "postgres", "settings.json"));
  await readBackup({ from: to, passphrase: "for this test alone", home: there.home, check: () => undefined, adapt });
  const copy = await ensure(there);
  const { rows } = await connected(copy, (client) =>
    client.query<{ writer: number; last: number; rows: number; pairs: number }>(
      `SELECT writer, max(n)::int AS last, count(*)::int AS rows,
        (SELECT count(*)::int FROM credit WHERE credit.writer = debit.writer) AS pairs
       FROM debit GROUP BY writer ORDER BY writer`,
    ),
  );
  expect(rows).toHaveLength(WRITERS);
  for (const { writer, last, rows: count, pairs } of rows) {
    expect({ writer, count, pairs }).toEqual({ writer, count: last, pairs: last });
    expect(last).toBeGreaterThanOrEqual(before[writer] ?? 0);
    expect(before[writer]).toBeGreaterThan(0);
  }
});
