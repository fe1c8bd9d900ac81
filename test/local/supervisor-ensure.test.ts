/** The supervisor as a process: started once, replaced when it is older, everything back after a reboot (design.md §7). */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ensureSupervisor } from "../../src/local/supervisor/ensure.ts";
import { keepSupervisor } from "../../src/local/supervisor/keep.ts";
import { readHolder } from "../../src/local/supervisor/lock-file.ts";
import { supervisorPaths } from "../../src/local/supervisor/paths.ts";
import type { SupervisorStatus } from "../../src/local/supervisor/protocol.ts";
import { startSupervisor } from "../../src/local/supervisor/start.ts";
import { bundle } from "../support/bundle.ts";
import {
  clientOf,
  eventually,
  isAlive,
  noGateway,
  processOf,
  removeHome,
  replicaOf,
  scratchHome,
  workloadOf,
  writeRevision,
} from "../support/supervisor.ts";

const id = "dep_ensure";
const loop = ["sh", "-c", "while :; do sleep 0.1; done"];

describe("making sure that the supervisor runs", () => {
  let entry: string;
  let home: string;

  const request = (version: string, gateway: { httpPort: number; httpsPort: number } | null = null) => ({
    home,
    command: [process.execPath, entry],
    config: {
      version,
      gateway: gateway === null ? null : { address: "127.0.0.1", domain: "localhost", ...gateway },
      cache: path.join(home, "cache"),
      privateSourceHosts: [],
    },
  });

  const ensure = (...args: Parameters<typeof request>) => ensureSupervisor(request(...args));

  const gone = (status: SupervisorStatus) =>
    eventually(
      () => isAlive(status.pid),
      (alive) => !alive,
    );

  const run = async (): Promise<number> => {
    const client = clientOf(home);
    await client.putDeployment(id);
    writeRevision(home, id, "r1", workloadOf({ processes: [processOf("loop", loop)] }));
    await client.putProcess(id, "loop", "r1");
    const replica = await eventually(
      () => replicaOf(client, id, "loop"),
      (each) => each?.phase === "ready",
    );
    return replica?.pid ?? 0;
  };

  beforeAll(async () => {
    entry = await bundle("src/main/supervisor.ts");
  });

  beforeEach(() => {
    home = scratchHome();
  });

  afterEach(async () => {
    const holder = readHolder(supervisorPaths(home).lock);
    await clientOf(home)
      .shutdown({ stopDeployments: true })
      .catch(() => {});
    await eventually(
      () => holder !== undefined && isAlive(holder.pid),
      (alive) => !alive,
    );
    removeHome(home);
  });

  it("starts it when there is none and joins the one there is, also when many ask at once", async () => {
    const all = await Promise.all(Array.from({ length: 5 }, () => ensure("1")));
    const again = await ensure("1");
    expect(new Set([...all, again].map(({ pid }) => pid)).size).toBe(1);
    // Those that came second find the first one at work and end.
    const running = () =>
      execFileSync("ps", ["-A", "-ww", "-o", "args="], { encoding: "utf8" })
        .split("\n")
        .filter((line) => line.endsWith(`${entry} ${home}`));
    await eventually(running, ({ length }) => length === 1);
    expect(await clientOf(home).status()).toMatchObject({ pid: again.pid });
  });

  it("replaces an older build or another configuration, and the apps run on", async () => {
    const first = await ensure("1");
    const app = await run();
    const second = await ensure("2");
    expect(second).toMatchObject({ version: "2" });
    await gone(first);
    const third = await ensure("2", { httpPort: 0, httpsPort: 0 });
    await gone(second);
    expect(third.gateway?.httpPort).toBeGreaterThan(0);
    const replica = await eventually(
      () => replicaOf(clientOf(home), id, "loop"),
      (each) => each?.phase === "ready",
    );
    expect(replica).toMatchObject({ pid: app, restarts: 0 });
  });

  it("brings everything back after a reboot, without the database", async () => {
    const first = await ensure("1");
    const app = await run();
    process.kill(first.pid, "SIGKILL");
    process.kill(-app, "SIGKILL");
    await gone(first);
    // A reboot gives every process a new boot id; the pids of before may belong to anybody.
    const { runs } = supervisorPaths(home);
    for (const name of readdirSync(runs)) {
      const record = JSON.parse(readFileSync(path.join(runs, name), "utf8"));
      writeFileSync(
        path.join(runs, name),
        JSON.stringify({ ...record, identity: { ...record.identity, pid: process.pid, bootId: "before" } }),
      );
    }
    await ensure("1");
    const replica = await eventually(
      () => replicaOf(clientOf(home), id, "loop"),
      (each) => each?.phase === "ready",
    );
    expect(replica?.pid).not.toBe(app);
    expect(isAlive(replica?.pid ?? 0)).toBe(true);
  });

  it("ends everything when it is told to, and knows it all again at the next start (onvera stop, onvera start)", async () => {
    const first = await ensure("1");
    const app = await run();
    await clientOf(home).shutdown({ stopDeployments: true });
    await gone(first);
    expect(isAlive(app)).toBe(false);
    await ensure("1");
    const replica = await eventually(
      () => replicaOf(clientOf(home), id, "loop"),
      (each) => each?.phase === "ready",
    );
    expect(replica?.pid).not.toBe(app);
  });

  it("starts a killed one again by itself, and leaves one alone that was told to end", async () => {
    const first = await ensure("1");
    const app = await run();
    const reports: string[] = [];
    const stopKeeping = keepSupervisor(request("1"), (message) => reports.push(message));
    try {
      process.kill(first.pid, "SIGKILL");
      const second = await eventually(
        () =>
          clientOf(home)
            .status()
            .catch(() => undefined),
        (status) => status !== undefined && status.pid !== first.pid,
      );
      expect(await replicaOf(clientOf(home), id, "loop")).toMatchObject({ pid: app });
      await clientOf(home).shutdown({ stopDeployments: true });
      await eventually(
        () => isAlive(second?.pid ?? 0),
        (alive) => !alive,
      );
      expect(readHolder(supervisorPaths(home).lock)).toBeUndefined();
      expect(reports).toHaveLength(1);
    } finally {
      stopKeeping();
    }
  });

  it("refuses a second supervisor for the same home", async () => {
    await ensure("1");
    await expect(startSupervisor({ home, ...noGateway })).rejects.toThrow(/runs for this home already/);
  });

  it("tells in its last words why it does not come up: a port that is taken", async () => {
    const first = await ensure("1", { httpPort: 0, httpsPort: 0 });
    const taken = first.gateway?.httpPort ?? 0;
    const other = home;
    home = scratchHome();
    try {
      await expect(ensure("1", { httpPort: taken, httpsPort: 0 })).rejects.toThrow(`port ${taken} is taken`);
    } finally {
      removeHome(home);
      home = other;
    }
  });
});
