/** What survives the supervisor: apps, their output to the last line, running jobs (design.md §7). */
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NodeSupervisorClient } from "../../src/local/supervisor/client.ts";
import { supervisorPaths } from "../../src/local/supervisor/paths.ts";
import type { LogLine } from "../../src/local/supervisor/protocol.ts";
import { writeJsonFile } from "../../src/local/supervisor/state-file.ts";
import { bundle } from "../support/bundle.ts";
import {
  clientOf,
  eventually,
  installProgram,
  isAlive,
  jobOf,
  processOf,
  removeHome,
  replicaOf,
  scratchHome,
  workloadOf,
  writeRevision,
} from "../support/supervisor.ts";

/** Writes numbered lines to both streams as fast as a busy app does. */
const counter = `
import sys, time, signal
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
n = 0
while True:
    for _ in range(20):
        n += 1
        print(f"out {n}", flush=True)
        print(f"err {n}", file=sys.stderr, flush=True)
    time.sleep(0.01)
`;

describe("a supervisor that is killed", () => {
  const id = "dep_takeover";
  let entry: string;
  let home: string;
  let client: NodeSupervisorClient;
  let child: ChildProcess;

  const start = async (): Promise<void> => {
    writeJsonFile(supervisorPaths(home).config, { version: "test", gateway: null, cache: path.join(home, "cache") });
    child = spawn(process.execPath, [entry, home], { stdio: ["ignore", "inherit", "inherit"] });
    await eventually(
      () => client.status().catch(() => null),
      (status) => status?.pid === child.pid,
    );
  };

  const kill = async (): Promise<void> => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await gone;
  };

  beforeAll(async () => {
    entry = await bundle("src/main/supervisor.ts");
  });

  beforeEach(async () => {
    home = scratchHome();
    client = clientOf(home);
    await start();
    await client.putDeployment(id);
  });

  afterEach(async () => {
    const gone = new Promise((resolve) => child.once("exit", resolve));
    await client.shutdown({ stopDeployments: true });
    await gone;
    removeHome(home);
  });

  const allLines = async (name: string): Promise<LogLine[]> => {
    const lines: LogLine[] = [];
    for await (const line of client.getLogs(id, { process: name, after: 0 })) lines.push(line);
    return lines;
  };

  const lines = async (query: { tail: number }): Promise<LogLine[]> => {
    const found: LogLine[] = [];
    for await (const line of client.getLogs(id, { process: "worker", ...query })) found.push(line);
    return found;
  };

  it("leaves the app running, and the next one takes over the same process", async () => {
    const file = installProgram(home, "counter.py", counter);
    writeRevision(home, id, "r1", workloadOf({ processes: [processOf("worker", ["python3", file])] }));
    await client.putProcess(id, "worker", "r1");
    const before = await eventually(
      () => replicaOf(client, id, "worker"),
      (each) => each?.phase === "ready",
    );
    await kill();
    expect(isAlive(before?.pid ?? 0)).toBe(true);
    await start();
    const after = await eventually(
      () => replicaOf(client, id, "worker"),
      (each) => each?.phase === "ready",
    );
    expect(after).toMatchObject({ pid: before?.pid, startedAt: before?.startedAt, restarts: 0 });
  });

  it("loses no line and doubles none, across several kills", async () => {
    const file = installProgram(home, "counter.py", counter);
    writeRevision(home, id, "r1", workloadOf({ processes: [processOf("worker", ["python3", file])] }));
    await client.putProcess(id, "worker", "r1");
    for (let round = 1; round <= 3; round++) {
      await eventually(
        async () => (await lines({ tail: 1 }))[0]?.seq ?? 0,
        (last) => last > round * 1000,
      );
      await kill();
      await start();
    }
    const replica = await replicaOf(client, id, "worker");
    await client.deleteProcess(id, "worker");
    expect(replica?.restarts).toBe(0);
    const all = await allLines("worker");
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
    for (const stream of ["stdout", "stderr"] as const) {
      const numbers = all.filter((line) => line.stream === stream).map(({ text }) => Number(text.slice(4)));
      expect(numbers.length).toBeGreaterThan(1400);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    }
  });

  it("does not take a process for its own by the pid alone", async () => {
    const file = installProgram(home, "counter.py", counter);
    writeRevision(home, id, "r1", workloadOf({ processes: [processOf("worker", ["python3", file])] }));
    await client.putProcess(id, "worker", "r1");
    const before = await eventually(
      () => replicaOf(client, id, "worker"),
      (each) => each?.phase === "ready",
    );
    await kill();
    process.kill(-(before?.pid ?? 0), "SIGKILL");
    // As if the pid had been given to another program: this test's own.
    const [record] = readdirSync(supervisorPaths(home).runs);
    const recordFile = path.join(supervisorPaths(home).runs, record ?? "");
    const { default: content } = await import(recordFile, { with: { type: "json" } });
    writeFileSync(recordFile, JSON.stringify({ ...content, identity: { ...content.identity, pid: process.pid } }));
    await start();
    const after = await eventually(
      () => replicaOf(client, id, "worker"),
      (each) => each?.phase === "ready",
    );
    expect(after?.pid).not.toBe(process.pid);
    expect(after?.pid).not.toBe(before?.pid);
  });

  it("finds a process it started but had not written down yet", async () => {
    const file = installProgram(home, "counter.py", counter);
    writeRevision(home, id, "r1", workloadOf({ processes: [processOf("worker", ["python3", file])] }));
    await client.putProcess(id, "worker", "r1");
    const before = await eventually(
      () => replicaOf(client, id, "worker"),
      (each) => each?.phase === "ready",
    );
    await kill();
    const [record] = readdirSync(supervisorPaths(home).runs);
    const recordFile = path.join(supervisorPaths(home).runs, record ?? "");
    const { default: content } = await import(recordFile, { with: { type: "json" } });
    writeFileSync(recordFile, JSON.stringify({ ...content, identity: null }));
    await start();
    const after = await eventually(
      () => replicaOf(client, id, "worker"),
      (each) => each?.phase === "ready",
    );
    expect(after?.pid).toBe(before?.pid);
  });

  it("knows the result of a job that ended meanwhile, and runs it no second time", async () => {
    const gate = path.join(home, "gate");
    const waiting = `echo begun; while [ ! -e ${gate} ]; do sleep 0.02; done; echo done`;
    writeRevision(home, id, "r1", workloadOf({ jobs: [jobOf("migrate", ["sh", "-c", waiting])] }));
    const first = client.putJob(id, "migrate", "r1");
    await eventually(
      () => allLines("job-migrate"),
      (lines) => lines.length > 0,
    );
    await kill();
    writeFileSync(gate, "");
    const spool = path.join(supervisorPaths(home).spool, id);
    await eventually(
      () => readdirSync(spool).filter((name) => name.endsWith(".exit") && statSync(path.join(spool, name)).size > 0),
      (ended) => ended.length === 1,
    );
    await start();
    const result = await client.putJob(id, "migrate", "r1");
    expect(result).toMatchObject({ exitCode: 0, alreadyDone: true, lastLines: ["begun", "done"] });
    expect(await first).toMatchObject({ exitCode: 0 });
    expect((await allLines("job-migrate")).map(({ text }) => text)).toEqual(["begun", "done"]);
  });

  it("waits on for a job that is still running", async () => {
    const gate = path.join(home, "gate");
    const waiting = `echo begun; while [ ! -e ${gate} ]; do sleep 0.02; done; exit 7`;
    writeRevision(home, id, "r1", workloadOf({ jobs: [jobOf("init", ["sh", "-c", waiting])] }));
    const first = client.putJob(id, "init", "r1");
    await eventually(
      () => allLines("job-init"),
      (lines) => lines.length > 0,
    );
    await kill();
    await start();
    writeFileSync(gate, "");
    // The caller asks again by itself, and is answered by the next supervisor.
    expect(await first).toMatchObject({ exitCode: 7, alreadyDone: false, lastLines: ["begun"] });
    expect((await allLines("job-init")).map(({ text }) => text)).toEqual(["begun"]);
  });
});
