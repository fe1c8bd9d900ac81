/** Runner, CLI or worker killed in the middle of a create: the operation converges, nothing is lost or doubled (NH-03). */
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readStackState } from "../../src/automation/recovery/state-reader.ts";
import { processIdentity } from "../../src/local/process-identity.ts";
import type { ProviderHooks } from "../../src/providers/host/hooks.ts";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import { until } from "../support/until.ts";

type AtPoint = NonNullable<ProviderHooks["atPoint"]>;

let server: ScratchPostgres;
let plane: ControlPlane;
/** What the test at hand does at a side effect; nothing between tests. */
let atPoint: AtPoint = async () => undefined;

const timings = { leaseSeconds: 3, renewSeconds: 0.5, pollSeconds: 1, cancelGraceSeconds: 20 };
const databaseApp = { version: "database" };

beforeAll(async () => {
  server = await startScratchPostgres();
  plane = await startControlPlane(server, { atPoint: (point, moment) => atPoint(point, moment) });
});
afterAll(async () => {
  await plane?.stop();
  await server?.stop();
});

/** Resolves at the first time the point is reached for the named resource; the side effect then waits for `go`. */
function holdAt(point: "before-call" | "after-side-effect", name: string) {
  let reached: () => void = () => undefined;
  let go: () => void = () => undefined;
  const there = new Promise<void>((resolve) => {
    reached = resolve;
  });
  const release = new Promise<void>((resolve) => {
    go = resolve;
  });
  let first = true;
  atPoint = async (at, { urn }) => {
    if (!first || at !== point || !urn.endsWith(`::${name}`)) return;
    first = false;
    reached();
    await release;
  };
  return { there, go };
}

/** Everything the deployment has on the server: databases and roles by name. */
async function onServer(deploymentId: string): Promise<string[]> {
  const client = new pg.Client({ connectionString: server.connectionString("postgres") });
  await client.connect();
  try {
    const like = `ov\\_${deploymentId.replace(/^dep_/, "").replaceAll("-", "")}%`;
    const { rows } = await client.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE datname LIKE $1
       UNION ALL SELECT rolname FROM pg_roles WHERE rolname LIKE $1`,
      [like],
    );
    return rows.map(({ name }) => name.replace(/^ov_[0-9a-f]{32}/, "")).sort();
  } finally {
    await client.end();
  }
}

const process_ = async (operationId: string) => {
  const { process: record } = await plane.store.asPlatform((db) =>
    db.selectFrom("operations").select("process").where("id", "=", operationId).executeTakeFirstOrThrow(),
  );
  if (record === null) throw new Error("The operation has no process");
  return record;
};

async function expectConverged(deploymentId: string, operationId: string): Promise<void> {
  const ended = await plane.ended(operationId, 90);
  expect(ended.error).toBeNull();
  expect(ended.status).toBe("succeeded");
  expect(await onServer(deploymentId)).toEqual(["", "_a", "_owner", "_second"]);
  const state = await readStackState(plane.store, deploymentId);
  expect(state?.pending).toEqual([]);
  expect(state?.resources.filter(({ custom, type }) => custom && !type.startsWith("pulumi:"))).toHaveLength(6);
  const unsettled = await plane.store.asPlatform((db) =>
    db
      .selectFrom("create_intents")
      .selectAll()
      .where("stack_name", "=", deploymentId)
      .where("settled_at", "is", null)
      .execute(),
  );
  expect(unsettled).toEqual([]);
}

const isGone = async (provider: { pid: number; startTime: string } | undefined) =>
  provider !== undefined && (await processIdentity(provider.pid)) !== provider.startTime;

describe.each(["before-call", "after-side-effect"] as const)("killed %s of a create", (point) => {
  it("runner killed: the attempt ends, the next one finds everything again", async () => {
    const worker = await plane.startWorker({ timings });
    const hold = holdAt(point, "bench-first-db");
    const { deploymentId, operation } = await plane.deploy(databaseApp);
    await hold.there;
    const { processGroup } = await process_(operation.id);
    process.kill(processGroup, "SIGKILL");
    hold.go();
    await expectConverged(deploymentId, operation.id);
    await worker.stop();
  });

  it("CLI killed: pending creates and lock do not stay", async () => {
    const worker = await plane.startWorker({ timings });
    const hold = holdAt(point, "bench-first-db");
    const { deploymentId, operation } = await plane.deploy(databaseApp);
    await hold.there;
    const { pid, processGroup } = await process_(operation.id);
    expect(pid).not.toBe(processGroup);
    process.kill(pid, "SIGKILL");
    hold.go();
    await expectConverged(deploymentId, operation.id);
    await worker.stop();
  });

  it("worker killed: its provider process ends by itself, another worker takes over with a higher generation (NH-02)", async () => {
    const first = await plane.spawnWorker({ timings });
    const hold = plane.gate.hold((moment) => moment.point === point && moment.urn.endsWith("::bench-first-db"));
    const { deploymentId, operation } = await plane.deploy(databaseApp);
    await hold.there;
    const before = await plane.until(operation.id, ({ process: record }) => record?.provider !== undefined);
    await first.kill();
    hold.go();
    await until(async () => isGone(before.process?.provider), "the provider process has ended");
    const second = await plane.startWorker({ timings });
    await expectConverged(deploymentId, operation.id);
    const after = await plane.ended(operation.id);
    expect(after.lease_generation).toBeGreaterThan(before.lease_generation);
    expect(after.lease_owner).toBe(second.id);
    await second.stop();
  });
});
