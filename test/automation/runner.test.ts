/** What a runner and its CLI are handed, what they may change, and what the world hears of it. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { STACK_KEY_NAME } from "../../src/automation/worker/program-input.ts";
import { databaseName } from "../../src/domain/names.ts";
import { createPhases } from "../../src/domain/phases.ts";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let plane: ControlPlane;
let onCreate: (name: string) => Promise<void> = async () => undefined;

beforeAll(async () => {
  server = await startScratchPostgres();
  plane = await startControlPlane(server, {
    atPoint: async (point, { urn }) => {
      if (point === "before-call") await onCreate(urn.slice(urn.lastIndexOf("::") + 2));
    },
  });
  await plane.startWorker();
});
afterAll(async () => {
  await plane?.stop();
  await server?.stop();
});

const events = (operationId: string) =>
  plane.store.asPlatform((db) =>
    db.selectFrom("operation_events").selectAll().where("operation_id", "=", operationId).orderBy("seq").execute(),
  );

describe("secrets", () => {
  it("reach no command line, no environment, no event and no row in clear (canary)", async () => {
    const seen: string[] = [];
    onCreate = async (name) => {
      if (name === "bench-first-db") seen.push(...processTexts(plane.folder));
    };
    const { deploymentId, operation } = await plane.deploy({ version: "database" });
    const ended = await plane.ended(operation.id);
    onCreate = async () => undefined;
    expect(ended.status).toBe("succeeded");
    const { custody } = plane.workerDeps();
    const stackKey = await plane.store.asPlatform((db) =>
      custody.read(db, { ownerId: deploymentId, organizationId: plane.place.organizationId, name: STACK_KEY_NAME }),
    );
    const secrets = [stackKey, plane.backend.password];
    expect(secrets.every((secret) => (secret ?? "").length > 8)).toBe(true);
    // Runner and CLI at the least were alive when the create was held.
    expect(seen.length).toBeGreaterThanOrEqual(4);
    const { rows } = await plane.store.pool.query<{ data: { data: string } }>("SELECT data FROM pulumi.pulumi_state");
    const state = rows.map(({ data }) => Buffer.from(data.data, "base64").toString("utf8"));
    const told = JSON.stringify([await events(operation.id), ended]);
    for (const secret of secrets) {
      for (const text of [...seen, ...state, told]) expect(text.includes(secret ?? "?")).toBe(false);
    }
  });

  it("leave nothing behind in the scratch folder", async () => {
    const { operation } = await plane.deploy({ bench_resources: 1 });
    await plane.ended(operation.id);
    await plane.until(operation.id, () => readdirSync(join(plane.folder, "scratch")).length === 0);
  });
});

describe("phases", () => {
  it("follow the resources in their fixed order and never go back (ON-31 to ON-37, TN-6)", async () => {
    const { operation } = await plane.deploy({ version: "database" });
    const ended = await plane.ended(operation.id);
    const phases = (await events(operation.id)).filter(({ type }) => type === "phase").map(({ data }) => data.phase);
    expect(phases).toContain("provisioning_db");
    expect(phases[0]).toBe("initializing");
    expect(phases.at(-1)).toBe("ready");
    const order = phases.map((phase) => createPhases.indexOf(phase as (typeof createPhases)[number]));
    expect(order).toEqual([...order].sort((a, b) => a - b));
    expect(ended).toMatchObject({ phase: "ready", status: "succeeded" });
  });

  it("are part of one gap-free log that ends with the end (NH-08)", async () => {
    const { operation } = await plane.deploy({ bench_resources: 2 });
    await plane.ended(operation.id);
    const log = await events(operation.id);
    expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
    expect(log.at(-1)).toMatchObject({ type: "end", data: { status: "succeeded" } });
    const done = log.filter(({ type, data }) => type === "resource" && data.state === "done");
    expect(done.map(({ data }) => data.name).sort()).toEqual(["item-0", "item-1"]);
  });
});

describe("the data-loss interlock (NH-05)", () => {
  it("stops before the first step when the plan would delete a database nobody named", async () => {
    const { deploymentId, operation } = await plane.deploy({ version: "database" });
    await plane.ended(operation.id);
    const update = await plane.change(deploymentId, "deployment.update", { version: "items", bench_resources: 3 });
    const ended = await plane.ended(update.id);
    expect(ended.status).toBe("failed");
    expect(ended.error).toMatchObject({ code: "DATA_LOSS_REFUSED", retryable: false });
    expect(existsSync(join(plane.ledgerFolder, deploymentId))).toBe(false);
    expect(await databaseExists(databaseName(deploymentId))).toBe(true);
    const deployment = await plane.store.asPlatform((db) =>
      db.selectFrom("deployments").selectAll().where("id", "=", deploymentId).executeTakeFirstOrThrow(),
    );
    expect(deployment).toMatchObject({ status: "ready", applied_revision: 1, wanted_revision: 1 });
    expect(deployment.conditions).toMatchObject([{ type: "update_failed", reason: "DATA_LOSS_REFUSED" }]);
  });
});

describe("two worker processes", () => {
  it("share one queue, and no deployment has two changes at once (ON-10)", async () => {
    const both = await Promise.all([plane.spawnWorker(), plane.spawnWorker()]);
    const deployed = await Promise.all(Array.from({ length: 4 }, () => plane.deploy({ bench_resources: 1 })));
    await Promise.all(deployed.map(({ operation }) => plane.ended(operation.id)));
    for (const { deploymentId } of deployed) {
      await plane.change(deploymentId, "deployment.update", { bench_resources: 2 });
      await plane.destroy(deploymentId);
    }
    const all = await plane.store.asPlatform((db) =>
      db
        .selectFrom("operations")
        .select("id")
        .where(
          "resource_id",
          "in",
          deployed.map(({ deploymentId }) => deploymentId),
        )
        .execute(),
    );
    const ended = await Promise.all(all.map(({ id }) => plane.ended(id)));
    expect(ended.map(({ status }) => status)).toEqual(ended.map(() => "succeeded"));
    for (const { deploymentId } of deployed) {
      const own = ended
        .filter((one) => one.resource_id === deploymentId)
        .map(({ started_at: start, ended_at: end }) => [start?.getTime() ?? 0, end?.getTime() ?? 0] as const)
        .sort((a, b) => a[0] - b[0]);
      for (const [index, [start]] of own.entries()) expect(start).toBeGreaterThanOrEqual(own[index - 1]?.[1] ?? 0);
    }
    await Promise.all(both.map((worker) => worker.kill()));
  });
});

/** Command lines and environments of every process that belongs to this test's operations. */
function processTexts(folder: string): string[] {
  const texts = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((pid) => [read(`/proc/${pid}/cmdline`), read(`/proc/${pid}/environ`)]);
  return texts.filter((both) => both.some((text) => text.includes(folder))).flat();
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function databaseExists(name: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: server.connectionString("postgres") });
  await client.connect();
  try {
    return ((await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [name])).rowCount ?? 0) > 0;
  } finally {
    await client.end();
  }
}
