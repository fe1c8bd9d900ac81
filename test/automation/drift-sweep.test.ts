/** The drift sweep: decides without the engine, queues only what differs, and what it queued mends it (P8). */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DriftSweepDeps, sweepDrift, sweepWhenDue } from "../../src/automation/drift/drift-sweep.ts";
import { createAdminConnection } from "../../src/automation/targets/database-server/admin-connection.ts";
import { databaseName } from "../../src/domain/names.ts";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let plane: ControlPlane;
let deps: DriftSweepDeps;

beforeAll(async () => {
  server = await startScratchPostgres();
  plane = await startControlPlane(server, { wrapCli: true });
  await plane.startWorker({ timings: { reconcileSeconds: 0 } });
  const { store, dataKeys, node, drivers } = plane.workerDeps();
  if (drivers.local === undefined) throw new Error("There is no local driver");
  deps = { store, dataKeys, place: { kind: "local", node }, driver: drivers.local };
});
afterAll(async () => {
  await plane?.stop();
  await server?.stop();
});

const ready = async (version: "items" | "database") => {
  const { deploymentId, operation } = await plane.deploy({ version, bench_resources: 2 });
  expect((await plane.ended(operation.id)).status).toBe("succeeded");
  return deploymentId;
};
const reconciles = (deploymentId: string) =>
  plane.store.asPlatform((db) =>
    db
      .selectFrom("operations")
      .selectAll()
      .where("resource_id", "=", deploymentId)
      .where("type", "=", "deployment.reconcile")
      .execute(),
  );
const mended = async (deploymentId: string) => {
  const [operation] = await reconciles(deploymentId);
  expect((await plane.ended(operation?.id ?? "")).status).toBe("succeeded");
  expect((await sweepDrift(deps)).differing).not.toContain(deploymentId);
};

describe("a sweep", () => {
  it("finds nothing where nothing changed, and starts no process of the engine", async () => {
    const all = [await ready("items"), await ready("database")];
    const before = plane.cliProcesses().length;
    const report = await sweepDrift(deps);
    expect(report).toMatchObject({ differing: [], queued: [] });
    expect(report.looked).toBeGreaterThanOrEqual(all.length);
    expect(plane.cliProcesses()).toHaveLength(before);
  });

  it("queues a reconciliation for an item that was removed by hand, which brings it back; once an hour at most", async () => {
    const [intact, broken] = [await ready("items"), await ready("items")];
    rmSync(join(plane.ledgerFolder, broken, "item-1.json"));
    expect(await sweepDrift(deps)).toMatchObject({ differing: [broken], queued: [broken] });
    await mended(broken);
    rmSync(join(plane.ledgerFolder, broken, "item-0.json"));
    expect(await sweepDrift(deps)).toMatchObject({ differing: [broken], queued: [] });
    expect(await reconciles(intact)).toEqual([]);
    const audit = await plane.store.asPlatform((db) =>
      db
        .selectFrom("audit_events")
        .selectAll()
        .where("target_id", "=", broken)
        .where("outcome", "=", "accepted")
        .execute(),
    );
    expect(audit).toMatchObject([
      { action: "deployment.reconcile", actor: { id: "drift-sweep" }, outcome: "accepted" },
    ]);
    expect(JSON.stringify(audit[0]?.change)).toContain("onvera:bench:Item item-1 is not there");
  });

  it("sees a database that lost its mark, and a specification that was changed behind the service's back", async () => {
    const [unmarked, rewritten] = [await ready("database"), await ready("items")];
    await createAdminConnection(plane.store.connectionString).in("postgres", (client) =>
      client.query(`COMMENT ON DATABASE ${databaseName(unmarked)} IS NULL`),
    );
    await plane.store.asPlatform((db) =>
      sql`UPDATE deployment_specs SET spec = spec || '{"bench_resources": 3}' WHERE deployment_id = ${rewritten}`.execute(
        db,
      ),
    );
    const report = await sweepDrift(deps);
    expect(report.queued).toEqual(expect.arrayContaining([unmarked, rewritten]));
    await mended(rewritten);
  });

  it("is done once an interval for each node, by whichever worker asks first", async () => {
    expect(await sweepWhenDue(deps, 3600)).toBeUndefined();
    const asked = await Promise.all([sweepWhenDue(deps, 0), sweepWhenDue(deps, 3600), sweepWhenDue(deps, 3600)]);
    expect(asked.filter((report) => report !== undefined)).toHaveLength(1);
  });
});
