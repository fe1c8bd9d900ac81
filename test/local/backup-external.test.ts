/**
 * The drill with a PostgreSQL server of the owner's own (issue 4, point 8): home by 'onvera backup', server by its owner's
 * means after it, both brought back elsewhere; everything that was promised is still true there.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../src/local/postgres/ports.ts";
import { type BenchApp, deployBench, submitBench, succeed, withTestApps } from "../support/bench-app.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let folder: string;
let server: ScratchPostgres;
let copy: ScratchPostgres;
let first: Installation;
let second: Installation;
let kept: BenchApp;
let gone: BenchApp;
let during: BenchApp;
let before: string;
let after: string;
const file = () => path.join(folder, "drill.backup");
const secretFile = () => path.join(folder, "passphrase");
const home = () => path.join(second.folder, "home");

/** Asks as the server's superuser, past the product. */
async function ask(of: ScratchPostgres, text: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: of.connectionString(new URL(before).pathname.slice(1)) });
  await client.connect();
  return client
    .query(text, values)
    .then(({ rows }) => rows)
    .finally(() => client.end());
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "onvera-drill-"));
  writeFileSync(secretFile(), "a passphrase for this drill alone\n", { mode: 0o600 });
  server = await startScratchPostgres();
  before = await server.createControlDatabase();
  first = makeInstallation({ ...withTestApps, DATABASE_URL: before });
  await succeed(first, "start", "--background");
  [kept, gone] = [await deployBench(first, "kept"), await deployBench(first, "gone")];
  await succeed(first, "destroy", gone.deploymentId, "--force");
});
afterAll(async () => {
  await first?.remove();
  await second?.remove();
  await server?.stop();
  await copy?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("backup and restore with a PostgreSQL server of one's own", () => {
  it("backs the home up while an operation runs, and says whose the database is", async () => {
    during = await submitBench(first, { name: "during" });
    const args = ["backup", "--to", file(), "--passphrase-file", secretFile(), "-o", "json"];
    expect(JSON.parse((await succeed(first, ...args)).stdout)).toMatchObject({ database: "external" });
    copy = await startScratchPostgres({ copyOf: server });
    await succeed(first, "ops", "wait", during.operationId);
  });

  it("restores the home elsewhere, and refuses a database that is not the one it belongs to", async () => {
    await first.remove();
    const url = new URL(before);
    url.port = String(copy.port);
    after = url.href;
    second = makeInstallation({ ...withTestApps, DATABASE_URL: after });
    const port = await findFreePort();
    const args = ["restore", file(), "--port", String(port), "--passphrase-file", secretFile(), "-o", "json"];
    expect(JSON.parse((await succeed(second, ...args)).stdout)).toMatchObject({ database: "external" });

    // The server of before, as a new one would be: under the right name, and empty.
    const { pathname } = new URL(before);
    const owner = new pg.Client({ connectionString: server.connectionString() });
    await owner.connect();
    await owner.query(`DROP DATABASE "${pathname.slice(1)}" WITH (FORCE)`).finally(() => owner.end());
    await server.createDatabase(pathname.slice(1));
    const child = second.spawnOnvera(["migrate"], {
      env: { DATABASE_URL: server.connectionString(pathname.slice(1)) },
    });
    let said = "";
    child.stderr?.on("data", (chunk) => {
      said += chunk;
    });
    expect(await new Promise((resolve) => child.once("close", resolve))).not.toBe(0);
    expect(said).toMatch(/holds nothing of Onvera.*own copy/s);
    await server.stop();
    expect(existsSync(path.join(home(), "postgres", "data"))).toBe(false);
  });

  it("reconciles every deployment on the other server, port and path, and goes on with what was under way", async () => {
    await succeed(second, "start", "--background");
    const active = await ask(copy, "SELECT id FROM onvera.operations WHERE ended_at IS NULL");
    for (const { id } of active) await succeed(second, "ops", "wait", String(id));
    const ended = await ask(copy, "SELECT status FROM onvera.operations WHERE resource_id = ANY($1) AND type = $2", [
      [kept.deploymentId],
      "deployment.reconcile",
    ]);
    expect(ended).toEqual([{ status: "succeeded" }]);
    for (const { deploymentId } of [kept, during]) {
      await succeed(second, "pulumi", "preview", "--stack", deploymentId, "--expect-no-changes");
    }
  });

  it("has its secrets, history, receipts and an audit log that verifies; new operations and a destroy go through", async () => {
    await succeed(second, "audit", "verify");
    // Opens every stored secret and seals it anew: one that could not be read would end it.
    await succeed(second, "keys", "rotate");
    expect((await succeed(second, "receipt", gone.deploymentId)).stdout).toContain(gone.deploymentId);
    const events = await ask(
      copy,
      "SELECT action FROM onvera.audit_events WHERE action LIKE 'installation.%' ORDER BY seq",
    );
    // The server's copy came after the home's, so the backup's own event is in it.
    expect(events).toEqual([{ action: "installation.backup" }, { action: "installation.restore" }]);
    await deployBench(second, "after");
    await succeed(second, "destroy", kept.deploymentId, "--force");
    const left = await ask(copy, "SELECT key FROM pulumi.pulumi_state WHERE key LIKE $1", [`%${kept.deploymentId}%`]);
    expect(left).toEqual([]);
  });
});
