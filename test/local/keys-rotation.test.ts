/** The master key rotated by the real command line, killed at every moment, while the control plane works (issue 4, NH-07). */
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type BenchApp, deployBench, submitBench, succeed, withTestApps } from "../support/bench-app.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";
import { accessTo } from "../support/installation-access.ts";

/** Longer than a rotation takes from its first word on, so that the last kill comes too late. */
const KILLS_AFTER_MILLISECONDS = [0, 5, 10, 20, 40, 80, 160, 2000];

let installation: Installation;
let app: BenchApp;

beforeAll(async () => {
  installation = makeInstallation(withTestApps);
  await succeed(installation, "start", "--background");
  app = await deployBench(installation, "kept");
});
afterAll(() => installation?.remove());

const keyFile = () => readFileSync(path.join(installation.folder, "home", "secrets", "master-key"), "utf8");
const ids = () => keyFile().match(/mk_[0-9a-f]{16}/g) ?? [];

/** Starts a rotation and kills it so long after its first word. @returns whether it had ended by then */
function killedRotation(afterMilliseconds: number): Promise<boolean> {
  const child = installation.spawnOnvera(["keys", "rotate"]);
  return new Promise((resolve, reject) => {
    let said = "";
    let isTimed = false;
    child.stderr?.on("data", (chunk) => {
      said += chunk;
      if (isTimed || !said.includes("Sealing")) return;
      isTimed = true;
      setTimeout(() => child.kill("SIGKILL"), afterMilliseconds);
    });
    child.stdout?.resume();
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0 || signal === "SIGKILL") resolve(code === 0);
      else reject(new Error(`the rotation ended with ${code}: ${said}`));
    });
  });
}

it("ends with one key and everything under it, however often it was killed, while operations run", async () => {
  const first = ids();
  const running = await submitBench(installation, { name: "meanwhile" });
  let ended = 0;
  for (const pause of KILLS_AFTER_MILLISECONDS) ended += (await killedRotation(pause)) ? 1 : 0;
  expect(ended).toBeGreaterThan(0);
  const { stdout } = await succeed(installation, "keys", "rotate", "-o", "json");
  await succeed(installation, "ops", "wait", running.operationId);

  const result = JSON.parse(stdout) as { key: string };
  expect(ids()).toEqual([result.key]);
  expect(first).not.toContain(result.key);
  const access = accessTo(installation);
  expect(await access.query("SELECT DISTINCT master_key_id FROM onvera.data_keys")).toEqual([
    { master_key_id: result.key },
  ]);
  const list = JSON.parse((await succeed(installation, "keys", "list", "-o", "json")).stdout);
  expect(list).toMatchObject({ in_use: result.key, rotation_unfinished: false });
});

it("changes nothing of a stack: its own key opens its state, also after a restart with the new key alone", async () => {
  const noChanges = ["pulumi", "preview", "--stack", app.deploymentId, "--expect-no-changes"];
  await succeed(installation, ...noChanges);
  await succeed(installation, "stop");
  await succeed(installation, "start", "--background");
  await succeed(installation, ...noChanges);
  await succeed(installation, "restart", app.deploymentId);
  const verified = await succeed(installation, "audit", "verify");
  expect(verified.stdout).toMatch(/\d/);
});

it("is refused while another rotation runs, and tells where the key stands", async () => {
  const both = await Promise.all([installation.onvera(["keys", "rotate"]), installation.onvera(["keys", "rotate"])]);
  const refused = both.filter(({ code }) => code !== 0);
  for (const { stderr } of refused) expect(stderr).toContain("holds the keys");
  expect(refused.length).toBeLessThan(2);
  expect(ids()).toHaveLength(1);
});
