/** A machine that lost power: every process is gone at once, and 'onvera start' brings everything back. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { type BenchApp, deployBench, submitBench, succeed, withTestApps } from "../support/bench-app.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";

let installation: Installation;
let before: BenchApp;

beforeAll(async () => {
  installation = makeInstallation(withTestApps);
  await succeed(installation, "start", "--background");
  before = await deployBench(installation, "before");
});
afterAll(() => installation?.remove());

/** No process gets a chance to write anything. */
function powerOff() {
  for (const pid of installation.processes()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended with its parent.
    }
  }
}

const outputs = async () =>
  (await succeed(installation, "pulumi", "stack", "output", "--json", "--stack", before.deploymentId)).stdout;
const deployment = async () => {
  const { stdout } = await succeed(installation, "get", before.deploymentId, "-o", "json");
  const { url, status } = JSON.parse(stdout) as { url: string; status: string };
  return { url, status };
};

it("brings deployments back with the same URL and data, and finishes what was under way (ON-17, ON-26)", async () => {
  const [urlBefore, outputsBefore] = [await deployment(), await outputs()];
  const running = await submitBench(installation, { name: "during" });
  powerOff();
  await succeed(installation, "start", "--background");
  expect(await deployment()).toEqual(urlBefore);
  expect(await outputs()).toBe(outputsBefore);
  await succeed(installation, "ops", "wait", running.operationId);
  const { code } = await installation.onvera([
    "pulumi",
    "preview",
    "--stack",
    running.deploymentId,
    "--expect-no-changes",
  ]);
  expect(code).toBe(0);
});

it("goes on by itself when only the database was killed (ON-17)", async () => {
  const { stdout } = await succeed(installation, "status", "-o", "json");
  const { database } = JSON.parse(stdout) as { database: { pid: number } };
  const running = await submitBench(installation, { name: "killed" });
  process.kill(database.pid, "SIGKILL");
  // The API answers again once the server is back; nobody started it by hand.
  let waited = await installation.onvera(["ops", "wait", running.operationId]);
  for (let tries = 0; waited.code !== 0 && tries < 20; tries += 1) {
    waited = await installation.onvera(["ops", "wait", running.operationId]);
  }
  expect({ code: waited.code, text: waited.code === 0 ? "" : waited.stderr }).toEqual({ code: 0, text: "" });
  expect((await deployment()).status).toBe("ready");
});
