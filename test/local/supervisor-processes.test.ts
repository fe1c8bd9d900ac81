/** Processes under the supervisor: start, probe, crash, stop, scale (design.md §7, ON-24, ON-30). */
import { existsSync, statSync } from "node:fs";
import path from "node:path";
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
  jobOf,
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

  it("runs each deployment under a uid of its own as root, under the supervisor's otherwise (ON-30, TN-10)", async () => {
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
    // Deleting ends every process of the other uid, and none of this one.
    await client.deleteDeployment("dep_other");
    expect(isAlive(replica?.pid ?? 0)).toBe(true);
  });

  it("drops every group of the supervisor's, and reads no file of another deployment (ON-30, TN-10)", async () => {
    const other = await client.putDeployment("dep_neighbour");
    await client.putSecrets("dep_neighbour", { database_url: "postgresql://neighbour" });
    const { identity } = (await client.getDeployment(id)) ?? {};
    const script = `id -G; cat ${other.home}/secrets/database_url 2>&1; echo; ls ${path.dirname(other.home)} 2>&1; true`;
    writeRevision(home, id, "look", workloadOf({ jobs: [jobOf("look", ["sh", "-c", script])] }));
    const result = await client.putJob(id, "look", "look");
    const lastLines = result.lastLines.filter((line) => line !== "");
    if (isRoot) {
      expect(lastLines[0]).toBe(String(identity?.uid));
      expect(lastLines[1]).toMatch(/Permission denied/);
      expect(lastLines[2]).toMatch(/Permission denied/);
    } else {
      // One uid, so the walls between deployments are not here: the local cluster then takes one organization only.
      expect(lastLines[1]).toBe("postgresql://neighbour");
    }
    await client.deleteDeployment("dep_neighbour");
  });

  it("hands an app nothing of the control plane's environment", async () => {
    process.env.ONVERA_TEST_SECRET = "leaked";
    writeRevision(home, id, "env", workloadOf({ env: { MINE: "yes" }, jobs: [jobOf("env", ["env"])] }));
    const { lastLines } = await client.putJob(id, "env", "env");
    delete process.env.ONVERA_TEST_SECRET;
    expect(lastLines).toContain("MINE=yes");
    expect(lastLines.map((line) => line.split("=")[0])).toEqual(
      expect.arrayContaining(["HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "ONVERA_MARK"]),
    );
    expect(lastLines.join()).not.toContain("leaked");
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

  it("ends and restarts a process that runs but does not answer any more", async () => {
    const probe = {
      ...httpProbe,
      periodSeconds: 0.1,
      timeoutSeconds: 0.3,
      startupGraceSeconds: 5,
      failureThreshold: 2,
    };
    await apply("live", web({ liveness: probe, gracePeriodSeconds: 1 }));
    const before = await eventually(
      () => replicaOf(client, id, "web"),
      (each) => each?.phase === "ready",
    );
    process.kill(before?.pid ?? 0, "SIGSTOP");
    const after = await eventually(
      () => replicaOf(client, id, "web"),
      (each) => each?.phase === "ready" && each.pid !== before?.pid,
    );
    expect(after?.restarts).toBeGreaterThan(0);
    expect(isAlive(before?.pid ?? 0)).toBe(false);
  });

  it("restarts for a changed environment or restart token, not for copies, probes or the same again (ON-24)", async () => {
    await apply("same1", web());
    const first = await eventually(
      () => replicaOf(client, id, "web"),
      (each) => each?.phase === "ready",
    );
    await apply("same2", web({ readiness: { ...httpProbe, periodSeconds: 2 }, replicas: 2 }));
    await eventually(
      () => replicaOf(client, id, "web", 1),
      (each) => each?.phase === "ready",
    );
    expect((await replicaOf(client, id, "web"))?.pid).toBe(first?.pid);
    await apply("token", web(), { restartToken: "again" });
    const second = await eventually(
      () => replicaOf(client, id, "web"),
      (each) => each?.phase === "ready" && each.pid !== first?.pid,
    );
    expect(second?.restarts).toBe(0);
    await apply("env", web({ env: { CHANGED: "1" } }), { restartToken: "again" });
    await eventually(
      () => replicaOf(client, id, "web"),
      (each) => each?.phase === "ready" && each.pid !== second?.pid,
    );
  });

  it("replaces copies one after the other, so that one always answers", async () => {
    await apply("two", web({ replicas: 2 }));
    await eventually(
      () => client.getHealth(id),
      ({ status, processes }) => status === "healthy" && processes[0]?.replicas.length === 2,
    );
    let fewest = 2;
    await apply("two-again", web({ replicas: 2 }), { restartToken: "rolling" });
    const before = (await client.getDeployment(id))?.processes[0]?.replicas.map(({ pid }) => pid) ?? [];
    await eventually(
      () => client.getHealth(id),
      ({ status, processes }) => {
        const replicas = processes[0]?.replicas ?? [];
        fewest = Math.min(fewest, replicas.filter(({ phase }) => phase === "ready").length);
        return status === "healthy";
      },
    );
    expect(fewest).toBe(1);
    const after = (await client.getDeployment(id))?.processes[0]?.replicas.map(({ pid }) => pid) ?? [];
    expect(after.some((pid) => before.slice(1).includes(pid))).toBe(false);
    await apply("one", web());
  });

  it("lets a scalable process without ports work until its successor is there", async () => {
    const loop = ["sh", "-c", "while :; do sleep 0.1; done"];
    await apply("queue1", processOf("queue", loop, { scalable: true }));
    const first = await eventually(
      () => replicaOf(client, id, "queue"),
      (each) => each?.phase === "ready",
    );
    await apply("queue2", processOf("queue", loop, { scalable: true, env: { V: "2" } }));
    const second = await eventually(
      () => replicaOf(client, id, "queue"),
      (each) => each?.pid !== null && each?.pid !== first?.pid,
    );
    expect(second?.phase).toBe("starting");
    expect(isAlive(first?.pid ?? 0)).toBe(true);
    await eventually(
      () => isAlive(first?.pid ?? 0),
      (alive) => !alive,
    );
    await client.deleteProcess(id, "queue");
  });

  it("asks politely first and ends what is left, children that went away included", async () => {
    const file = installProgram(home, "stubborn.py", stubborn);
    await apply("stubborn", processOf("stubborn", ["python3", file], { gracePeriodSeconds: 0.5 }));
    const lines = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const line of client.getLogs(id, { process: "stubborn", tail: 10 })) found.push(line.text);
      return found;
    };
    const [words] = await eventually(lines, (found) => found.length > 0);
    const child = Number(words?.replace("child ", ""));
    const replica = await replicaOf(client, id, "stubborn");
    expect(isAlive(child)).toBe(true);
    await client.deleteProcess(id, "stubborn");
    expect(isAlive(replica?.pid ?? 0)).toBe(false);
    await eventually(
      () => isAlive(child),
      (alive) => !alive,
    );
    expect(await lines()).toContain("asked to end");
    await client.deleteProcess(id, "stubborn");
  });

  it("says why a process does not come up, with its exit code, and waits longer from try to try", async () => {
    await apply("broken", processOf("broken", ["sh", "-c", "echo no luck >&2; exit 3"]));
    const replica = await eventually(
      () => replicaOf(client, id, "broken"),
      (each) => (each?.restarts ?? 0) >= 3 && each?.phase === "backoff",
    );
    expect(replica?.lastExit).toMatch(/^exit code 3/);
    expect((await client.getHealth(id)).status).not.toBe("healthy");
    await apply("missing", processOf("broken", ["/nonexistent/program"]));
    await eventually(
      () => replicaOf(client, id, "broken"),
      (each) => each?.lastExit?.startsWith("exit code 127") === true,
    );
    await apply("unknown", processOf("broken", ["sh", "-c", "echo {{port:nothing}}"]));
    const refused = await eventually(
      () => replicaOf(client, id, "broken"),
      (each) => each?.reason !== null,
    );
    expect(refused?.reason).toBe("Unknown reference {{port:nothing}}");
    await client.deleteProcess(id, "broken");
  });

  it("measures cpu and memory of a copy with its children", async () => {
    const burn = `python3 -c "x = bytearray(50_000_000); exec('while True: pass')" & wait`;
    await apply("burn", processOf("burn", ["sh", "-c", burn]));
    const figures = await eventually(
      async () => (await client.getMetrics(id)).processes.find(({ name }) => name === "burn"),
      (each) => (each?.cpuSeconds ?? 0) > 0.5 && (each?.memoryBytes ?? 0) > 50_000_000,
    );
    expect(figures?.cpuPercent).toBeGreaterThan(5);
    await client.deleteProcess(id, "burn");
  });

  it("takes a heartbeat file's age for the answer of a process nobody can ask", async () => {
    const beat = { kind: "heartbeat", path: "{{dir:run}}/beat", periodSeconds: 0.2, timeoutSeconds: 0.6 } as const;
    const readiness = { ...beat, startupGraceSeconds: 5, failureThreshold: 1 };
    const script = "for n in 1 2 3 4 5; do touch $BEAT; sleep 0.1; done; sleep 60";
    await apply("beat", processOf("beat", ["sh", "-c", script], { readiness, env: { BEAT: "{{dir:run}}/beat" } }));
    await eventually(
      () => replicaOf(client, id, "beat"),
      (each) => each?.phase === "ready",
    );
    const stale = await eventually(
      () => replicaOf(client, id, "beat"),
      (each) => each?.phase === "unready",
    );
    expect(stale?.reason).toMatch(/beat is \d+ s old/);
    await client.deleteProcess(id, "beat");
  });

  it("stops everything when the revision says so, and keeps ports and data (ON-24)", async () => {
    const ports = (await client.getDeployment(id))?.ports;
    await apply("stopped", web(), { stopped: true });
    const health = await eventually(
      () => client.getHealth(id),
      ({ processes }) => processes.every(({ replicas }) => replicas.length === 0),
    );
    expect(health.status).toBe("stopped");
    await apply("started", web());
    await eventually(
      () => client.getHealth(id),
      ({ status }) => status === "healthy",
    );
    expect((await client.getDeployment(id))?.ports).toEqual(ports);
  });

  it("forgets a deployment whole: processes, folders, ports, logs", async () => {
    const { home: folder } = await client.putDeployment(id);
    const replica = await replicaOf(client, id, "web");
    await client.deleteDeployment(id);
    expect(isAlive(replica?.pid ?? 0)).toBe(false);
    expect(existsSync(folder)).toBe(false);
    expect(await client.getDeployment(id)).toBeNull();
    await client.deleteDeployment(id);
  });
});

/** Ignores the polite signal, and has a child in a session of its own. */
const stubborn = `
import os, signal, subprocess, sys, time
child = subprocess.Popen(["sleep", "60"], start_new_session=True)
signal.signal(signal.SIGTERM, lambda *_: print("asked to end", flush=True))
print("child", child.pid, flush=True)
while True: time.sleep(0.1)
`;
