/** What the supervisor keeps on the disk: no customer's value in clear, and enough to start again by itself (R8). */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { supervisorPaths } from "../../src/local/supervisor/paths.ts";
import { revisionFiles } from "../../src/local/supervisor/revision-files.ts";
import { openRecord } from "../../src/local/supervisor/sealed-record.ts";
import { type RunningSupervisor, startSupervisor } from "../../src/local/supervisor/start.ts";
import { readJsonFile } from "../../src/local/supervisor/state-file.ts";
import { canary, searchCanaries } from "../support/canary.ts";
import {
  clientOf,
  eventually,
  jobOf,
  noGateway,
  processOf,
  removeHome,
  replicaOf,
  scratchHome,
  workloadOf,
} from "../support/supervisor.ts";

const id = "dep_sealed";
const secrets = {
  shared: canary("shared"),
  process: canary("process"),
  job: canary("job"),
  file: canary("file"),
};
const loop = ["sh", "-c", "while :; do sleep 0.1; done"];

let home: string;
let supervisor: RunningSupervisor;

beforeEach(async () => {
  home = scratchHome();
  supervisor = await startSupervisor({ ...noGateway, home });
});
afterEach(async () => {
  await supervisor.stop({ stopDeployments: true });
  removeHome(home);
});

async function bringUp(): Promise<void> {
  const workload = workloadOf({
    env: { SHARED: secrets.shared },
    files: [{ path: "settings", content: secrets.file, executable: false }],
    jobs: [jobOf("init", ["cat"], { stdin: JSON.stringify({ password: secrets.job }) })],
    processes: [processOf("web", loop, { env: { OWN: secrets.process } })],
  });
  await revisionFiles(home).write({
    ...{ deploymentId: id, revision: "1", host: "sealed.localhost", publicUrl: "http://sealed.localhost" },
    ...{ appType: "bench", size: "small", stopped: false, restartToken: "", workload },
  });
  const client = clientOf(home);
  await client.putDeployment(id);
  await client.putPackage(id, { lock: "test/1.0.0", extraRequirements: [] });
  await client.putFiles(id, "1");
  expect(await client.putJob(id, "init", "1")).toMatchObject({ exitCode: 0 });
  await client.putProcess(id, "web", "1");
  await running();
}

const running = () =>
  eventually(
    () => replicaOf(clientOf(home), id, "web"),
    (replica) => replica?.phase === "ready",
  );

const environmentOf = async () => readFileSync(`/proc/${(await running())?.pid}/environ`, "utf8");

/** Every file below a folder with its content. */
function filesBelow(folder: string): { file: string; content: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .map((file) => ({ file, content: readFileSync(file) }));
}

it("holds no customer's value in clear, in revisions, records or runs, and its key is closed to others (R8)", async () => {
  await bringUp();
  const { root, revisions, sealingKey } = supervisorPaths(home);
  const search = searchCanaries(secrets);
  for (const { file, content } of [...filesBelow(root), ...filesBelow(revisions)]) {
    // The job said its input itself: what an app writes is its own log.
    if (!file.includes("/logs/") && !file.includes("/spool/")) search.look(file, content);
  }
  expect(search.looked()).toBeGreaterThanOrEqual(4);
  expect(search.hits).toEqual([]);
  expect(statSync(sealingKey).mode & 0o777).toBe(0o600);
  expect(statSync(path.dirname(sealingKey)).mode & 0o777).toBe(0o700);
});

it("starts everything again by its own files after a reboot, also by a record from before the sealing (ON-17)", async () => {
  await bringUp();
  const { deployments, sealingKey } = supervisorPaths(home);
  const file = path.join(deployments, `${id}.json`);
  for (const isOld of [false, true]) {
    await supervisor.stop({ stopDeployments: true });
    if (isOld) writeFileSync(file, JSON.stringify(openRecord(sealingKey, readJsonFile(file))));
    expect(readFileSync(file, "utf8").includes(secrets.process)).toBe(isOld);
    supervisor = await startSupervisor({ ...noGateway, home });
    const environment = await environmentOf();
    expect([secrets.shared, secrets.process].filter((value) => !environment.includes(value))).toEqual([]);
  }
});

it("says what to do about a revision that another node's key sealed", async () => {
  await bringUp();
  const { sealingKey } = supervisorPaths(home);
  writeFileSync(sealingKey, JSON.stringify({ key: Buffer.alloc(32, 7).toString("base64") }));
  await expect(clientOf(home).putFiles(id, "1")).rejects.toThrow("does not open with this node's key; write it again");
});
