/** An operation's whole way: queue, worker, runner, the real CLI, state, events, end. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let plane: ControlPlane;

beforeAll(async () => {
  server = await startScratchPostgres();
  plane = await startControlPlane(server, { wrapCli: true });
  await plane.startWorker();
});
afterAll(async () => {
  await plane?.stop();
  await server?.stop();
});

describe("a deployment's life", () => {
  let deploymentId: string;

  it("creates in two CLI processes and ends ready (ON-12, ON-19, ON-40)", async () => {
    const deployed = await plane.deploy({ bench_resources: 3 });
    deploymentId = deployed.deploymentId;
    const operation = await plane.ended(deployed.operation.id);
    expect(operation.error).toBeNull();
    expect(operation.status).toBe("succeeded");
    expect(plane.cliProcesses()).toEqual(["stack init", "up --yes"]);
    expect(existsSync(join(plane.ledgerFolder, deploymentId, "item-2.json"))).toBe(true);
  });

  it("repeats in one CLI process and changes nothing", async () => {
    const before = plane.cliProcesses().length;
    const operation = await plane.change(deploymentId, "deployment.update", { bench_resources: 3 });
    expect(await plane.ended(operation.id)).toMatchObject({ status: "succeeded" });
    expect(plane.cliProcesses().slice(before)).toEqual(["up --yes"]);
  });

  it("plans in one CLI process", async () => {
    const before = plane.cliProcesses().length;
    const spec = { version: "items", size: "small", power_state: "running", bench_resources: 5 };
    const operation = await plane.submit(deploymentId, "deployment.plan", { spec, destroy: false });
    const ended = await plane.ended(operation.id);
    expect(ended.error).toBeNull();
    expect(plane.cliProcesses().slice(before)).toEqual(["preview --parallel"]);
    expect(ended.result).toMatchObject({ summary: { create: 2, same: 4 }, data_loss: [] });
  });

  it("plans although changes that failed have left more history than is kept (ON-47)", async () => {
    await plane.store.pool.query(
      `WITH fence AS MATERIALIZED (
         SELECT set_config('onvera.generation', generation::text, true) FROM onvera.stack_fences WHERE stack_name = $1
       ), old AS (SELECT key, data FROM fence, pulumi.pulumi_state WHERE key LIKE '%/history/%' || $1 || '%' LIMIT 1)
       INSERT INTO pulumi.pulumi_state (key, data) SELECT key || n, data FROM old, generate_series(1, 20) n`,
      [deploymentId],
    );
    const spec = { version: "items", size: "small", power_state: "running", bench_resources: 3 };
    const ended = await plane.ended((await plane.submit(deploymentId, "deployment.plan", { spec, destroy: false })).id);
    expect([ended.status, ended.error]).toEqual(["succeeded", null]);
  });

  it("destroys in one CLI process, leaving a receipt and no state (ON-46, NH-01)", async () => {
    const before = plane.cliProcesses().length;
    const operation = await plane.destroy(deploymentId);
    const ended = await plane.ended(operation.id);
    expect(ended.error).toBeNull();
    expect(ended.status).toBe("succeeded");
    expect(plane.cliProcesses().slice(before)).toEqual(["destroy --yes"]);
    expect(existsSync(join(plane.ledgerFolder, deploymentId, "item-0.json"))).toBe(false);
    const { rows } = await plane.store.pool.query(
      "SELECT count(*) AS left FROM pulumi.pulumi_state WHERE key LIKE '%' || $1 || '%'",
      [deploymentId],
    );
    expect(rows).toEqual([{ left: 0 }]);
    const receipt = await plane.store.asPlatform((db) =>
      db.selectFrom("destroy_receipts").selectAll().where("deployment_id", "=", deploymentId).executeTakeFirstOrThrow(),
    );
    // Three resources as they were recorded, and two looks for whatever carries the deployment's mark.
    expect(receipt.items.map(({ listed_by: by, found }) => `${by} ${found}`)).toEqual([
      ...Array.from({ length: 3 }, () => "record absent"),
      ...Array.from({ length: 2 }, () => "owner_mark absent"),
    ]);
  });
});

it("writes down which resource needs which, as the stack's state has it (ON-25)", async () => {
  const { deploymentId, operation } = await plane.deploy({ version: "database" });
  expect(await plane.ended(operation.id)).toMatchObject({ status: "succeeded" });
  const rows = await plane.store.asPlatform((db) =>
    db
      .selectFrom("deployment_resources")
      .select(["urn", "dependencies"])
      .where("deployment_id", "=", deploymentId)
      .execute(),
  );
  const nameOf = (urn: string) => urn.split("::").at(-1);
  expect(Object.fromEntries(rows.map(({ urn, dependencies }) => [nameOf(urn), dependencies.map(nameOf)]))).toEqual({
    "bench-owner": [],
    "bench-login": ["bench-owner"],
    "bench-first-db": ["bench-owner"],
    "bench-first-public": ["bench-first-db"],
    "bench-second-db": ["bench-owner"],
    "bench-second-public": ["bench-second-db"],
  });
});
