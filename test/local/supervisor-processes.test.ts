/** Processes under the supervisor: start, probe, crash, stop, scale (design.md §7, ON-24, ON-30). */
import { statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { NodeSupervisorClient } from "../../src/local/supervisor/client.ts";
import { processUid } from "../../src/local/supervisor/process-table.ts";
import { type RunningSupervisor, startSupervisor } from "../../src/local/supervisor/start.ts";
import {
  clientOf,
  echoServer,
  eventually,
  httpProbe,
  installProgram,
  isAlive,
  isRoot,
  noGateway,
  processOf,
  removeHome,
  replicaOf,
  scratchHome,
  workloadOf,
  writeRevision,
} from "../support/supervisor.ts";

describe("processes", () => {
  const id = "dep_processes";
  const home = scratchHome();
  let supervisor: RunningSupervisor;
  let client: NodeSupervisorClient;
  let server: string;

  beforeAll(async () => {
    server = installProgram(home, "echo.py", echoServer);
    const backoff = { initialMilliseconds: 50, factor: 2, maxMilliseconds: 400, stableMilliseconds: 60_000 };
    supervisor = await startSupervisor({ home, ...noGateway, backoff });
    client = clientOf(home);
    await client.putDeployment(id);
  });

  afterAll(async () => {
    await supervisor.stop({ stopDeployments: true });
    removeHome(home);
  });

  const web = (more = {}) =>
    processOf("web", ["python3", server, "{{port:web}}"], { ports: [{ name: "web" }], readiness: httpProbe, ...more });

  const apply = async (revision: string, process: ReturnType<typeof web>, more = {}): Promise<void> => {
    writeRevision(home, id, revision, workloadOf({ processes: [process] }), more);
    await client.putProcess(id, process.name, revision);
  };

  it("starts a process and says ready once its probe answers", async () => {
    await apply("r1", web());
    const replica = await eventually(
      () => replicaOf(client, id, "web"),
      (each) => each?.phase === "ready",
    );
    expect(replica?.restarts).toBe(0);
    expect(isAlive(replica?.pid ?? 0)).toBe(true);
  });

  it("runs each deployment under a uid of its own as root, under the supervisor's otherwise (ON-30)", async () => {
    const { identity } = (await client.getDeployment(id)) ?? {};
    const replica = await replicaOf(client, id, "web");
    expect(processUid(replica?.pid ?? 0)).toBe(identity?.uid);
    const other = await client.putDeployment("dep_other");
    if (isRoot) {
      expect(identity?.uid).toBeGreaterThanOrEqual(700_000);
      expect(other.uid).not.toBe(identity?.uid);
      expect(statSync(`${other.home}/data`)).toMatchObject({ uid: other.uid, gid: other.uid });
    } else {
      expect(identity?.uid).toBe(process.getuid?.());
      expect(other.uid).toBe(identity?.uid);
    }
    expect(statSync(`${other.home}/data`).mode & 0o777).toBe(0o700);
    await client.deleteDeployment("dep_other");
  });

  it("starts a killed process again and counts it", async () => {
    const before = await replicaOf(client, id, "web");
    process.kill(before?.pid ?? 0, "SIGKILL");
    const after = await eventually(
      () => replicaOf(client, id, "web"),
      (each) => each?.phase === "ready" && each.pid !== before?.pid,
    );
    expect(after).toMatchObject({ restarts: 1, lastExit: expect.stringContaining("SIGKILL") });
  });
});
