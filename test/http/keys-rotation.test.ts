/** Rotation of the keys on a real database, with a server that runs on and was told nothing (issue 4, NH-07, R8). */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SealError, type SealingKey, unseal } from "../../src/domain/envelope.ts";
import { newId } from "../../src/domain/ids.ts";
import { ensureStatePassword } from "../../src/main/state-password.ts";
import { readClusterPlace } from "../../src/store/cluster-place.ts";
import { sealDatabaseUrl } from "../../src/store/crypto/cluster-secrets.ts";
import { openCustody } from "../../src/store/crypto/custody.ts";
import { type DataKeys, openDataKeys } from "../../src/store/crypto/data-keys.ts";
import { writeKeyFile } from "../../src/store/crypto/key-file.ts";
import { keyUse } from "../../src/store/crypto/key-use.ts";
import { type KeyRing, keyLine, keyRing, newMasterKey, openKeyRing } from "../../src/store/crypto/master-key.ts";
import { keepMasterKey } from "../../src/store/crypto/master-key-row.ts";
import { webhookSecretPlace } from "../../src/store/crypto/places.ts";
import { type RotationStep, rotateTo } from "../../src/store/crypto/rotation.ts";
import { sealedColumns } from "../../src/store/crypto/sealed-columns.ts";
import { dumpDatabase } from "../support/canary.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { newCluster } from "../support/kubernetes-access.ts";
import { addSealedRows } from "../support/sealed-rows.ts";
import { finish } from "../support/worker-hand.ts";

/** Documents that hold no sealed value. A new column must be put here or into the list of sealed columns. */
const plainDocuments = [
  "audit_events.actor",
  "audit_events.change",
  "clusters.preflight",
  "clusters.settings",
  "data_keys.wrapped",
  "deployments.conditions",
  "deployments.outputs",
  "destroy_receipts.items",
  "environments.settings",
  "idempotency_keys.headers",
  "identity_providers.group_roles",
  "operation_events.data",
  "operations.error",
  "operations.process",
  "operations.requested_by",
  "operations.result",
  "signing_keys.public_jwk",
  "state_versions.data",
  "webhook_deliveries.log",
];

const actor = { kind: "system", id: "uid:0", name: "test" } as const;
const old = newMasterKey();
const settings = {
  app_type: "airflow",
  environment_variables: { TOKEN: "one" },
  airflow: {
    connections: { db: "postgres://a:b@c/d" },
    variables: { x: "y" },
    dags: { url: "https://r:g@git.test/d" },
  },
};
let folder: string;
let keyFile: string;
let ring: KeyRing;
let server: TestServer;
let organizationId: string;
let key: string;
let deploymentId: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "onvera-keys-"));
  keyFile = path.join(folder, "master-key");
  await writeFile(keyFile, `${old.key.toString("base64")}\n`, { mode: 0o600 });
  ring = await openKeyRing({ file: keyFile, defaultFile: keyFile });
  server = await startTestServer({ masterKey: ring, privateClusterHosts: ["127.0.0.1"] });
  ({ organizationId, ownerKey: key } = await server.addOrganization());
  const created = await server.call("POST", "/api/v1/deployments", { key, body: settings, headers: once });
  ({ deployment_id: deploymentId } = created.body.data);
  await finish(server.store, created.body.data.operation_id);
  const plan = { changes: { airflow: { variables: { planned: "z" } } } };
  expect((await server.call("POST", `/api/v1/deployments/${deploymentId}/plan`, { key, body: plan })).status).toBe(202);
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const once = { "idempotency-key": "rotation-1" };
const fernet = () => ({ ownerId: deploymentId, organizationId, name: "fernet_key" });
const ensureFernet = (custody = server.deps.custody, made = "made-again") =>
  server.store.forOrganization(organizationId, (db) => custody.ensure(db, fernet(), () => made));
const readSettings = async () =>
  (await server.call("GET", `/api/v1/deployments/${deploymentId}`, { key })).body.data.settings;

/** The next master key, on the disk as `onvera keys rotate` puts it there. */
async function prepare(before: SealingKey): Promise<SealingKey> {
  const next = newMasterKey();
  await server.store.asPlatform((db) => keepMasterKey(db, before.id));
  await writeKeyFile(keyFile, keyLine(next) + keyLine(before));
  return next;
}

/** As a process of its own would do it: nothing in memory from before. */
async function rotation(next: SealingKey, onStep?: (step: RotationStep) => void) {
  const dataKeys = openDataKeys(await openKeyRing({ file: keyFile, defaultFile: keyFile }));
  return rotateTo({ store: server.store, dataKeys, actor, ...(onStep && { onStep }) }, next.id);
}

/** Ids of the data keys that any row of any table names. */
async function namedKeys(): Promise<Set<string>> {
  const found = new Set<string>();
  await dumpDatabase(server.connectionString, (where, text) => {
    if (where.includes("data_keys")) return;
    for (const [id] of String(text).matchAll(/dk_[0-9a-f]{24}/g)) found.add(id);
  });
  return found;
}

/** A webhook's newest secret, opened with these keys. */
const webhookSecret = (keys: DataKeys, id: string) =>
  server.store.asPlatform(async (db) => {
    const row = await db.selectFrom("webhook_endpoints").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
    const [newest] = row.secrets;
    if (newest === undefined) throw new Error("The webhook has no secret.");
    return unseal(await keys.byId(db, newest.sealed.kid), newest.sealed, webhookSecretPlace(id)).toString("utf8");
  });

/** On a cluster with an access of its own, and with a database server of its own. */
async function environmentOfItsOwn(): Promise<string> {
  const cluster = await server.call("POST", "/api/v1/clusters", { key, body: newCluster() });
  const id = newId("environment");
  await server.store.asPlatform(async (db) => {
    const owner = { id, organization_id: organizationId };
    const database_url = await sealDatabaseUrl(db, server.deps.dataKeys, owner, "postgresql://own");
    const facts = { name: "Own", slug: "own", owner: "system", isolation_level: "dedicated" } as const;
    const values = { ...owner, ...facts, cluster_id: cluster.body.data.id, database_url };
    await db.insertInto("environments").values(values).execute();
  });
  return id;
}

const dataKeyRows = () => server.store.asPlatform((db) => db.selectFrom("data_keys").selectAll().execute());

describe("the list of sealed columns", () => {
  it("and that of plain ones name every document of the schema, so that no sealed column is forgotten", async () => {
    const { rows } = await server.store.asPlatform((db) =>
      sql<{ name: string }>`SELECT table_name || '.' || column_name AS name FROM information_schema.columns
        WHERE table_schema = 'onvera' AND data_type IN ('json', 'jsonb')`.execute(db),
    );
    const sealed = sealedColumns.map(({ table, column }) => `${table}.${column}`);
    expect(rows.map(({ name }) => name).sort()).toEqual([...plainDocuments, ...sealed].sort());
  });

  it("has their primary keys, which the batches go by", async () => {
    for (const { table, key: columns } of sealedColumns) {
      const { rows } = await server.store.asPlatform((db) =>
        sql<{
          name: string;
        }>`SELECT attname AS name FROM pg_index JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
          WHERE indrelid = ${`onvera.${table}`}::regclass AND indisprimary`.execute(db),
      );
      expect(rows.map(({ name }) => name).sort()).toEqual([...columns].sort());
    }
  });
});

describe("a rotation of the keys (NH-07)", () => {
  it("leaves nothing under the old keys, and every value readable with the new one alone, cut off after each step", async () => {
    await ensureFernet(server.deps.custody, "the-fernet-key");
    const refresh = await server.deps.tokens.newRefresh("ses_00000000-0000-4000-8000-000000000000");
    const password = await ensureStatePassword(server.store, server.deps.dataKeys, ring);
    const hook = { url: "https://hooks.example.test/x" };
    const { id: hookId, secret: hookSecret } = (await server.call("POST", "/api/v1/webhooks", { key, body: hook })).body
      .data;
    const environmentId = await environmentOfItsOwn();
    const readSealed = await addSealedRows(server, { organizationId, key });
    const before = await dataKeyRows();
    const next = await prepare(old);
    const steps: string[] = [];
    for (let done = false; !done; ) {
      // Each run is cut off at its first step: only what it committed counts.
      done = await rotation(next, ({ name, message }) => {
        steps.push(name === "values" ? message : name);
        throw new Error("cut off");
      }).then(
        () => true,
        (error: Error) => {
          expect(error.message).toBe("cut off");
          return false;
        },
      );
      expect(await readSettings()).toMatchObject({ environment_variables: { TOKEN: "one" } });
    }
    const columns = sealedColumns.map(({ table, column }) => expect.stringMatching(`^${table}.${column}: [1-9]`));
    expect(steps).toEqual(expect.arrayContaining(["master_key", "data_key", ...columns, "rewrap"]));
    for (const id of await namedKeys()) expect(before.map((row) => row.id)).not.toContain(id);
    for (const row of await dataKeyRows()) expect(row.master_key_id).toBe(next.id);

    const fresh = openDataKeys(keyRing([next]));
    expect(await ensureFernet(openCustody(fresh))).toBe("the-fernet-key");
    expect(await ensureStatePassword(server.store, fresh, keyRing([next]))).toBe(password);
    expect(await server.deps.tokens.readRefresh(refresh.token)).toBeDefined();
    expect(await webhookSecret(fresh, hookId)).toBe(hookSecret);
    expect(await readSealed(fresh)).toMatchObject({ mail: { subject: "Invitation" }, record: { uid: "u" } });
    const place = await server.store.asPlatform((db) => readClusterPlace(db, fresh, { environmentId }));
    expect([place.access, place.databaseUrl]).toMatchObject([{ token: "secret-token" }, "postgresql://own"]);
    await expect(ensureFernet(openCustody(openDataKeys(keyRing([old]))))).rejects.toThrow(SealError);
    await writeKeyFile(keyFile, keyLine(next));
  });

  it("is noticed by a server that runs: new secrets, old answers and settings, without a restart", async () => {
    const [current] = (await openKeyRing({ file: keyFile, defaultFile: keyFile })).all();
    const next = await prepare(current ?? old);
    let asked = 0;
    let ended = false;
    const asking = Promise.all(
      [0, 1, 2].map(async (n) => {
        for (let turn = 0; !ended || turn < 3; turn += 1) {
          const { organizationId: fresh } = await server.addOrganization();
          const secret = { ownerId: `dep_${n}_${turn}`, organizationId: fresh, name: "fernet_key" };
          const made = await server.store.forOrganization(fresh, (db) =>
            server.deps.custody.ensure(db, secret, () => `v${n}`),
          );
          expect(made).toBe(`v${n}`);
          const body = { environment_variables: { TOKEN: "one", TURN: `${n}.${turn}` } };
          const changed = await server.call("PATCH", `/api/v1/deployments/${deploymentId}`, { key, body });
          if (changed.status === 202) await finish(server.store, changed.body.data.operation_id);
          else expect(changed.status).toBe(409);
          const again = await server.call("POST", "/api/v1/deployments", { key, body: settings, headers: once });
          expect(again.body.data.deployment_id).toBe(deploymentId);
          expect(await readSettings()).toMatchObject({ environment_variables: { TOKEN: "one" } });
          asked += 1;
        }
      }),
    );
    const before = await dataKeyRows();
    const result = await rotation(next);
    ended = true;
    await asking;
    expect(result.values).toBeGreaterThan(5);
    expect(asked).toBeGreaterThan(8);
    const retired = before.filter((row) => row.retired_at === null).map((row) => row.id);
    for (const id of await namedKeys()) expect(retired).not.toContain(id);
    for (const row of await dataKeyRows()) expect(row.master_key_id).toBe(next.id);
    const use = await server.store.asPlatform((db) => keyUse(db, [next]));
    expect(use).toMatchObject({
      in_use: next.id,
      rotation_unfinished: false,
      keys: [{ id: next.id, state: "in use" }],
    });
  });

  it("stops before anything is lost where a value does not open, and is in the audit log from begin to end", async () => {
    const next = await prepare((await openKeyRing({ file: keyFile, defaultFile: keyFile })).all()[0] ?? old);
    const moved = await server.store.asPlatform((db) =>
      db
        .updateTable("custody_secrets")
        .set({ name: "moved" })
        .where("name", "=", "fernet_key")
        .where("owner_id", "=", deploymentId)
        .executeTakeFirst(),
    );
    expect(Number(moved.numUpdatedRows)).toBe(1);
    await expect(rotation(next)).rejects.toThrow(/custody_secrets.*does not open/);
    await server.store.asPlatform((db) =>
      db.updateTable("custody_secrets").set({ name: "fernet_key" }).where("name", "=", "moved").execute(),
    );
    await rotation(next);
    expect(await ensureFernet()).toBe("the-fernet-key");
    const events = await server.store.asPlatform((db) =>
      db
        .selectFrom("audit_events")
        .select(["outcome", "target_id", "actor"])
        .where("action", "=", "keys.rotate")
        .where("target_id", "=", next.id)
        .orderBy("seq")
        .execute(),
    );
    expect(events.map(({ outcome }) => outcome)).toEqual(["accepted", "done"]);
    expect(events[0]?.actor).toEqual(actor);
  });
});
