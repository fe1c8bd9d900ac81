/**
 * The drill (issue 4, point 8): backed up while operations run, the first home destroyed, restored on another path and
 * port; everything the installation promised is still true there.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findFreePort } from "../../src/local/postgres/ports.ts";
import { type BenchApp, deployBench, submitBench, succeed, withTestApps } from "../support/bench-app.ts";
import { commandLine } from "../support/command-line.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";
import { accessTo } from "../support/installation-access.ts";

let folder: string;
let first: Installation;
let second: Installation;
let kept: BenchApp;
let gone: BenchApp;
let during: BenchApp;
let port: number;
const file = () => path.join(folder, "drill.backup");
const secretFile = () => path.join(folder, "passphrase");
const { data } = commandLine(() => second);

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), "onvera-drill-"));
  writeFileSync(secretFile(), "a passphrase for this drill alone\n", { mode: 0o600 });
  first = makeInstallation(withTestApps);
  second = makeInstallation(withTestApps);
  await succeed(first, "start", "--background");
  [kept, gone] = [await deployBench(first, "kept"), await deployBench(first, "gone")];
  await succeed(first, "destroy", gone.deploymentId, "--force");
});
afterAll(async () => {
  await first?.remove();
  await second?.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** Every file below; the database's own hold the past as well and are asked by SQL instead, and the log says where it came from. */
function filesNaming(below: string, text: string): string[] {
  return readdirSync(below, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter(
      (name) =>
        !name.includes("/postgres/data/") && !name.endsWith("/control-plane.log") && readFileSync(name).includes(text),
    );
}

describe("backup and restore of the control plane", () => {
  it("makes one encrypted file while an operation runs, and says how large it is", async () => {
    during = await submitBench(first, { name: "during" });
    const args = ["backup", "--to", file(), "--passphrase-file", secretFile(), "-o", "json"];
    const result = JSON.parse((await succeed(first, ...args)).stdout);
    expect(result).toMatchObject({ file: file(), bytes: statSync(file()).size, database: "included" });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(readFileSync(file()).includes("kept")).toBe(false);
    // The installation goes on as if nothing had been.
    await succeed(first, "ops", "wait", during.operationId);
    console.log(`backup: ${JSON.stringify(result)}`);
  });

  it("killed while it restores, leaves no installation or a whole one", async () => {
    const home = path.join(folder, "killed", "home");
    const args = ["restore", file(), "--home", home, "--passphrase-file", secretFile()];
    for (const pause of [0, 100, 300, 900, 2700]) {
      const child = second.spawnOnvera(args);
      await new Promise<void>((resolve) => {
        child.once("close", () => resolve());
        child.stderr?.once("data", () => setTimeout(() => child.kill("SIGKILL"), pause));
      });
      if (!existsSync(home)) continue;
      expect(existsSync(path.join(home, "restored.json"))).toBe(true);
      rmSync(home, { recursive: true });
    }
    await succeed(second, ...args);
    expect(readdirSync(path.dirname(home))).toEqual(["home"]);
    rmSync(home, { recursive: true });
  });

  it("restores on another path and port after the first home is gone, and brings every deployment up", async () => {
    await first.remove();
    expect(existsSync(first.folder)).toBe(false);
    port = await findFreePort();
    const args = ["restore", file(), "--port", String(port), "--passphrase-file", secretFile(), "-o", "json"];
    console.log(`restore: ${(await succeed(second, ...args)).stdout}`);
    const startedAt = Date.now();
    await succeed(second, "start", "--background");
    const active = await accessTo(second).query("SELECT id FROM onvera.operations WHERE ended_at IS NULL");
    expect(active.length).toBeGreaterThan(1);
    for (const { id } of active) await succeed(second, "ops", "wait", String(id));
    console.log(`deployments are back ${Math.round((Date.now() - startedAt) / 1000)} s after the start`);
    expect(accessTo(second).settings.apiPort).toBe(port);
    expect((await data("get", kept.deploymentId)).status).toBe("ready");
  });

  it("goes on with the operation that was under way, and takes new ones", async () => {
    for (const id of [kept.deploymentId, during.deploymentId]) {
      await succeed(second, "pulumi", "preview", "--stack", id, "--expect-no-changes");
    }
    await deployBench(second, "after");
    await succeed(second, "destroy", kept.deploymentId, "--force");
  });

  it("has history, receipts and an audit log that verifies, with backup and restore in it", async () => {
    await succeed(second, "audit", "verify");
    expect((await succeed(second, "receipt", gone.deploymentId)).stdout).toContain(gone.deploymentId);
    await succeed(second, "ops", "get", gone.operationId);
    const events = await accessTo(second).query(
      "SELECT action FROM onvera.audit_events WHERE action LIKE 'installation.%' ORDER BY seq",
    );
    // The backup's own event was written after what it holds.
    expect(events).toEqual([{ action: "installation.restore" }]);
  });

  it("has nothing of the old path left", async () => {
    expect(filesNaming(path.join(second.folder, "home"), first.folder)).toEqual([]);
    const stacks = await accessTo(second).query(
      `SELECT key FROM pulumi.pulumi_state WHERE key LIKE '%/.pulumi/stacks/%.json'
        AND convert_from(decode(data->>'data', 'base64'), 'UTF8') LIKE $1`,
      [`%${first.folder}%`],
    );
    expect(stacks).toEqual([]);
  });
});
