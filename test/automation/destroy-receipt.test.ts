/** What a destroy proves before it says `destroyed`: nothing that carries the deployment's mark is left, recorded or not. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAdminConnection } from "../../src/automation/targets/database-server/admin-connection.ts";
import type { Worker } from "../../src/automation/worker/start.ts";
import { ownershipMark } from "../../src/domain/names.ts";
import { type ControlPlane, startControlPlane } from "../support/control-plane.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let plane: ControlPlane;
let worker: Worker;

beforeAll(async () => {
  server = await startScratchPostgres();
  plane = await startControlPlane(server);
  worker = await plane.startWorker();
});
afterAll(async () => {
  await plane?.stop();
  await server?.stop();
});

/** As the platform's own role: what it made, it may drop. */
const sql = (...statements: string[]) =>
  createAdminConnection(plane.store.connectionString).in("postgres", async (client) => {
    let rows: unknown[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  });
const roles = (name: string) => sql(`SELECT rolname FROM pg_roles WHERE rolname = '${name}'`);
const ready = async () => {
  const { deploymentId, operation } = await plane.deploy({ bench_resources: 1 });
  expect((await plane.ended(operation.id)).status).toBe("succeeded");
  return deploymentId;
};
const deployment = (id: string) =>
  plane.store.asPlatform((db) =>
    db.selectFrom("deployments").selectAll().where("id", "=", id).executeTakeFirstOrThrow(),
  );

describe("a destroy", () => {
  it("finds and removes what carries the owner's mark and was never recorded, and says it looked (NH-01, ON-46)", async () => {
    const id = await ready();
    const stranger = await ready();
    await sql("CREATE ROLE lost_role", `COMMENT ON ROLE lost_role IS '${ownershipMark(id)}'`);
    await sql("CREATE ROLE strangers_role", `COMMENT ON ROLE strangers_role IS '${ownershipMark(stranger)}'`);
    const lostItem = join(plane.ledgerFolder, id, "lost.json");
    writeFileSync(lostItem, "{}");
    const ended = await plane.ended((await plane.destroy(id)).id);
    expect(ended).toMatchObject({ status: "succeeded", error: null });
    expect([existsSync(lostItem), await roles("lost_role")]).toEqual([false, []]);
    expect(await roles("strangers_role")).toHaveLength(1);
    const receipt = await plane.store.asPlatform((db) =>
      db.selectFrom("destroy_receipts").select("items").where("deployment_id", "=", id).executeTakeFirstOrThrow(),
    );
    const swept = receipt.items.filter(({ listed_by }) => listed_by === "owner_mark");
    expect(swept.map(({ physical_id: what, found }) => [what, found])).toEqual([
      [`roles and databases of ${ownershipMark(id)}`, "absent"],
      [`items of ${ownershipMark(id)}`, "absent"],
    ]);
    for (const item of receipt.items) expect(Date.parse(item.looked_up_at ?? "")).not.toBeNaN();
  });

  it("that leaves something behind lists it and stays `destroying`; a retry clears it (NH-01, TN-11)", async () => {
    const id = await ready();
    await sql("CREATE ROLE kept_role", `COMMENT ON ROLE kept_role IS '${ownershipMark(id)}'`);
    const elsewhere = createAdminConnection(server.connectionString("template1"));
    await elsewhere.in(undefined, async (client) => {
      await client.query("CREATE TABLE of_kept_role (id int)");
      await client.query("ALTER TABLE of_kept_role OWNER TO kept_role");
    });
    const blocked = await plane.ended((await plane.destroy(id)).id, 90);
    expect(blocked).toMatchObject({ status: "failed", error: { code: "DESTROY_INCOMPLETE" } });
    expect(blocked.error?.residue).toMatchObject([{ physical_id: "kept_role", found: "present" }]);
    // A failed destroy brings nothing back.
    expect(existsSync(join(plane.ledgerFolder, id, "item-0.json"))).toBe(false);
    expect(blocked.error?.next_step).toContain(`onvera destroy ${id} --retry`);
    const row = await deployment(id);
    expect([row.destroyed_at, row.conditions[0]?.type]).toEqual([null, "destroy_blocked"]);
    await elsewhere.in(undefined, (client) => client.query("DROP TABLE of_kept_role"));
    expect((await plane.ended((await plane.destroy(id)).id)).status).toBe("succeeded");
    expect([(await deployment(id)).destroyed_at === null, await roles("kept_role")]).toEqual([false, []]);
  });
});

describe("a destroy that cannot look", () => {
  it("is not called destroyed: what could not be asked is unknown, never absent (NH-01)", async () => {
    const id = await ready();
    const driver = plane.workerDeps().drivers.local;
    if (driver === undefined) throw new Error("The bench driver serves local clusters.");
    const folder = join(plane.ledgerFolder, id);
    // Not a folder: listing it fails, also for root.
    const removeOwned: typeof driver.removeOwned = async (context, io) => {
      await rm(folder, { recursive: true, force: true });
      await driver.removeOwned(context, io);
      writeFileSync(folder, "");
    };
    await worker.stop();
    worker = await plane.startWorker({ drivers: { local: { ...driver, removeOwned } } });
    const blocked = await plane.ended((await plane.destroy(id)).id, 90);
    expect(blocked.error?.residue).toMatchObject([{ found: "unknown", physical_id: `items of ${ownershipMark(id)}` }]);
    expect((await deployment(id)).destroyed_at).toBeNull();
    await rm(folder);
    mkdirSync(folder);
    await worker.stop();
    worker = await plane.startWorker();
    expect((await plane.ended((await plane.destroy(id)).id)).status).toBe("succeeded");
  });
});
