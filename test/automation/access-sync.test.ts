/** Access carried into the apps: what makes a sync, what it records, and what it never waits for (ON-16, ON-17, NH-11, issue 6). */
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { queueDueSyncs } from "../../src/automation/access/due-syncs.ts";
import { closeAccess } from "../../src/automation/access/sync-records.ts";
import { requestCancel } from "../../src/automation/operations/cancel.ts";
import { submitOperation } from "../../src/automation/operations/submit.ts";
import { claimOperation } from "../../src/automation/worker/claim.ts";
import { newId } from "../../src/domain/ids.ts";
import type { ProjectRole } from "../../src/domain/membership.ts";
import { type AccessRig, startAccessRig } from "../support/access-rig.ts";
import { request, testActor } from "../support/control-plane-rows.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let rig: AccessRig;
let owner: { userId: string; email: string };

beforeAll(async () => {
  server = await startScratchPostgres();
});
afterAll(() => server?.stop());
beforeEach(async () => {
  rig = await startAccessRig(server);
  owner = await rig.join("owner");
  return () => rig.stop();
});

const setRole = (userId: string, role: "admin" | "developer" | "viewer") =>
  rig.store.forOrganization(rig.place.organizationId, (db) =>
    db.updateTable("memberships").set({ role }).where("user_id", "=", userId).execute(),
  );
const leave = (userId: string) =>
  rig.store.forOrganization(rig.place.organizationId, (db) =>
    db.deleteFrom("memberships").where("user_id", "=", userId).execute(),
  );
const record = (deploymentId: string) =>
  rig.store.asPlatform((db) =>
    db.selectFrom("access_syncs").selectAll().where("deployment_id", "=", deploymentId).executeTakeFirst(),
  );
const synced = (deploymentId: string, expected: Record<string, string>) =>
  rig.until(async () => {
    const found = await record(deploymentId);
    return (
      found !== undefined &&
      found.wanted_version === found.synced_version &&
      JSON.stringify(Object.entries(rig.app(deploymentId).roles()).sort()) ===
        JSON.stringify(Object.entries(expected).sort())
    );
  });

describe("who is in an app", () => {
  it("is every member with the mapped role as soon as it is ready; nobody has to sign in, and no service account is (ON-17)", async () => {
    const viewer = await rig.join("viewer");
    await rig.store.asPlatform(async (db) => {
      const id = newId("serviceAccount");
      await db
        .insertInto("users")
        .values({ id, email: `${id}@x.example`, name: "ci" })
        .execute();
      await db
        .insertInto("memberships")
        .values({ organization_id: rig.place.organizationId, user_id: id, role: "admin" })
        .execute();
    });
    const deployment = await rig.deployApp();
    await rig.work();
    await synced(deployment, { [owner.email]: "Admin", [viewer.email]: "Gamma" });
    await rig.until(async () => (await rig.syncs(deployment)).every(({ ended_at: ended }) => ended !== null));
    const [operation, ...more] = await rig.syncs(deployment);
    expect(more).toEqual([]);
    expect(operation).toMatchObject({
      status: "succeeded",
      slot: "reading",
      requested_by: { kind: "system", id: "access-sync" },
      result: { outcome: "synced", added: 2, changed: 0, removed: 0, unchanged: 0, refused: 0 },
    });
  });

  it("follows a join, a change of role, a disabled account and a removal, each recorded and in the audit log", async () => {
    const deployment = await rig.deployApp();
    await rig.work();
    await synced(deployment, { [owner.email]: "Admin" });
    const ann = await rig.join("viewer");
    await synced(deployment, { [owner.email]: "Admin", [ann.email]: "Gamma" });
    await setRole(ann.userId, "developer");
    await synced(deployment, { [owner.email]: "Admin", [ann.email]: "Alpha" });
    const disable = (at: Date | null) =>
      rig.store.asPlatform((db) =>
        db.updateTable("users").set({ disabled_at: at }).where("id", "=", ann.userId).execute(),
      );
    await disable(new Date());
    await synced(deployment, { [owner.email]: "Admin" });
    await disable(null);
    await synced(deployment, { [owner.email]: "Admin", [ann.email]: "Alpha" });
    await leave(ann.userId);
    await synced(deployment, { [owner.email]: "Admin" });
    const people = await rig.store.forOrganization(rig.place.organizationId, (db) =>
      db.selectFrom("app_people").select(["username", "role", "error"]).orderBy("role").execute(),
    );
    expect(people).toEqual([
      { username: owner.email, role: "Admin", error: null },
      { username: ann.email, role: null, error: null },
    ]);
    const audited = await rig.store.asPlatform((db) =>
      db
        .selectFrom("audit_events")
        .select(["action", "change", "target_id"])
        .where("action", "like", "app_access.%")
        .orderBy("seq")
        .execute(),
    );
    expect(
      audited.filter(({ change }) => change?.person === ann.email).map(({ action, change }) => [action, change?.role]),
    ).toEqual([
      ["app_access.grant", { from: null, to: "Gamma" }],
      ["app_access.grant", { from: "Gamma", to: "Alpha" }],
      ["app_access.revoke", { from: "Alpha", to: null }],
      ["app_access.grant", { from: null, to: "Alpha" }],
      ["app_access.revoke", { from: "Alpha", to: null }],
    ]);
    expect(new Set(audited.map(({ target_id: id }) => id))).toEqual(new Set([deployment]));
  });

  it("follows a role in a project at that project's apps alone; the others are not even asked (QV-07)", async () => {
    const { organizationId } = rig.place;
    const [projectId, environmentId] = [newId("project"), newId("environment")];
    await rig.store.asPlatform(async (db) => {
      const project = { id: projectId, organization_id: organizationId, name: "One", slug: "one" };
      await db.insertInto("projects").values(project).execute();
      await sql`INSERT INTO environments (id, organization_id, project_id, name, slug, owner, isolation_level, cluster_id)
        SELECT ${environmentId}, organization_id, ${projectId}, 'P', 'p', 'system', isolation_level, cluster_id
        FROM environments WHERE id = ${rig.place.environmentId}`.execute(db);
    });
    const ann = await rig.join("viewer");
    const [inside, outside] = [await rig.deployApp({ environmentId }), await rig.deployApp()];
    await rig.work();
    const before = { [owner.email]: "Admin", [ann.email]: "Gamma" };
    await synced(inside, before);
    await synced(outside, before);
    const reads = rig.app(outside).reads;
    const role: ProjectRole = "developer";
    await rig.store.forOrganization(organizationId, (db) =>
      db
        .insertInto("project_roles")
        .values({ organization_id: organizationId, project_id: projectId, user_id: ann.userId, role })
        .execute(),
    );
    await synced(inside, { ...before, [ann.email]: "Alpha" });
    expect(rig.app(inside).writes.at(-1)).toBe(`put ${ann.email} Alpha`);
    expect(rig.app(outside).reads).toBe(reads);
    expect(await rig.syncs(outside)).toHaveLength(1);
  });
});

describe("what makes a sync", () => {
  it("is a change, not each of a hundred: they are a handful of syncs of an app (issue 6)", async () => {
    const deployment = await rig.deployApp();
    await rig.work();
    await synced(deployment, { [owner.email]: "Admin" });
    const joined = await Promise.all(Array.from({ length: 100 }, () => rig.join("viewer")));
    await synced(deployment, {
      [owner.email]: "Admin",
      ...Object.fromEntries(joined.map(({ email }) => [email, "Gamma"])),
    });
    const [, ...later] = await rig.syncs(deployment);
    expect(later.length).toBeGreaterThan(0);
    expect(later.length).toBeLessThan(6);
    expect(rig.app(deployment).writes.filter((line) => line.startsWith("put"))).toHaveLength(101);
  });

  it("is nothing where nobody changes, and for an app without people or one that is stopped", async () => {
    const [running, stopped] = [await rig.deployApp(), await rig.deployApp({ stopped: true })];
    await rig.work();
    await synced(running, { [owner.email]: "Admin" });
    expect(await queueDueSyncs(rig.store, [`local:${rig.place.node}`])).toEqual([]);
    expect(await rig.syncs(stopped)).toEqual([]);
  });

  it("comes with the start of an app that was stopped while somebody left (ON-46)", async () => {
    const ann = await rig.join("viewer");
    const deployment = await rig.deployApp();
    await rig.work();
    await synced(deployment, { [owner.email]: "Admin", [ann.email]: "Gamma" });
    const power = (state: string) =>
      rig.store.asPlatform((db) =>
        sql`UPDATE deployment_specs SET spec = jsonb_set(spec, '{power_state}', to_jsonb(${state}::text))
          WHERE deployment_id = ${deployment}`.execute(db),
      );
    await power("stopped");
    await leave(ann.userId);
    expect(await record(deployment)).toMatchObject({ wanted_version: 2, synced_version: 1 });
    await power("running");
    await rig.store.asPlatform((db) => sql`SELECT pg_notify('onvera_access_sync', '')`.execute(db));
    await synced(deployment, { [owner.email]: "Admin" });
  });
});

describe("a sync", () => {
  it("does not wait behind a change of the same deployment, nor for an organization's limit", async () => {
    const deployment = await rig.deployApp();
    await rig.store.asPlatform(async (db) => {
      await sql`UPDATE organization_queues SET running_limit = 1, queued_limit = 1`.execute(db);
    });
    const capabilities = [`local:${rig.place.node}`];
    await rig.store.forOrganization(rig.place.organizationId, (db) =>
      submitOperation(db, request(rig.place, deployment, "deployment.update", {})),
    );
    const update = await claimOperation(rig.store, { workerId: "wrk_other", capabilities, leaseSeconds: 600 });
    expect(update?.operation.type).toBe("deployment.update");
    await rig.work();
    await synced(deployment, { [owner.email]: "Admin" });
  });

  it("of an app that is down says so, is tried again later, and catches up once the app answers", async () => {
    const deployment = await rig.deployApp();
    rig.app(deployment).down = true;
    await rig.work();
    await rig.until(async () => (await rig.syncs(deployment)).some(({ attempt }) => attempt >= 1));
    await rig.until(async () =>
      (await rig.syncs(deployment)).some(({ status, attempt }) => status === "queued" && attempt === 1),
    );
    rig.app(deployment).down = false;
    await rig.until(async () => (await rig.syncs(deployment)).every(({ status }) => status === "succeeded"));
    await synced(deployment, { [owner.email]: "Admin" });
  });

  it("that is given up is due again after a wait that grows, with its reason on record (NH-09)", async () => {
    const deployment = await rig.deployApp();
    const app = rig.app(deployment);
    app.down = true;
    const waits: number[] = [];
    for (let time = 1; time <= 3; time++) {
      await rig.store.asPlatform((db) => sql`UPDATE access_syncs SET due_at = now()`.execute(db));
      const [queued] = await queueDueSyncs(rig.store, [`local:${rig.place.node}`]);
      await rig.store.asPlatform((db) => requestCancel(db, queued?.id ?? "", testActor));
      const { rows } = await rig.store.asPlatform((db) =>
        sql<{ wait: number }>`SELECT extract(epoch FROM due_at - now())::float8 AS wait FROM access_syncs`.execute(db),
      );
      waits.push(Math.round((rows[0]?.wait ?? 0) / 10) * 10);
    }
    expect(waits).toEqual([30, 60, 120]);
    expect(await record(deployment)).toMatchObject({ failures: 3, error_code: "CANCELED" });
  });

  it("is asked for by four apps of an organization at once at most, so that its queue stays its own", async () => {
    for (let count = 0; count < 6; count++) await rig.deployApp();
    const capabilities = [`local:${rig.place.node}`];
    expect(await queueDueSyncs(rig.store, capabilities)).toHaveLength(4);
    expect(await queueDueSyncs(rig.store, capabilities)).toHaveLength(0);
  });

  it("that a destroy overtakes puts nobody on record any more (ON-46)", async () => {
    const deployment = await rig.deployApp();
    const app = rig.app(deployment);
    let letGo: () => void = () => undefined;
    app.hold = new Promise((resolve) => {
      letGo = resolve;
    });
    await rig.work();
    await rig.until(async () => (await rig.syncs(deployment)).some(({ status }) => status === "running"));
    await rig.store.asPlatform((db) => closeAccess(db, deployment));
    letGo();
    await rig.until(async () => (await rig.syncs(deployment)).every(({ status }) => status === "succeeded"));
    const people = await rig.store.asPlatform((db) => db.selectFrom("app_people").selectAll().execute());
    expect(people).toEqual([]);
  });
});
