/** Organizations with members and ready deployments, a worker, and apps that are held in memory: what decides about a sync, without an engine. */
import { randomBytes } from "node:crypto";
import { type AppAccess, AppAccessError } from "../../src/automation/access/app-access.ts";
import { createBenchDriver } from "../../src/automation/targets/bench-driver.ts";
import { createAdminConnection } from "../../src/automation/targets/database-server/admin-connection.ts";
import { listen } from "../../src/automation/worker/notifications.ts";
import { startWorker, type Worker, type WorkerDeps } from "../../src/automation/worker/start.ts";
import type { AppPerson } from "../../src/domain/access-plan.ts";
import { appNames } from "../../src/domain/access-plan.ts";
import { newId } from "../../src/domain/ids.ts";
import type { Role } from "../../src/domain/permissions.ts";
import { newSpec } from "../../src/domain/spec-changes.ts";
import { openCustody } from "../../src/store/crypto/custody.ts";
import { openDataKeys } from "../../src/store/crypto/data-keys.ts";
import { keyRing } from "../../src/store/crypto/master-key.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import type { Operation } from "../../src/store/tables/operations.ts";
import { makePlace, type Place } from "./control-plane-rows.ts";
import type { ScratchPostgres } from "./postgres.ts";

/** An app's people in memory. */
export class MemoryApp implements AppAccess {
  readonly here = new Map<string, AppPerson>();
  /** How often its people were read, and whom it was told to write. */
  reads = 0;
  readonly writes: string[] = [];
  down = false;
  /** Awaited before each answer. */
  hold: Promise<void> = Promise.resolve();

  async people(): Promise<AppPerson[]> {
    await this.answer();
    this.reads += 1;
    return [...this.here.values()];
  }

  async put({ email, name, role }: { email: string; name: string; role: string }): Promise<void> {
    await this.answer();
    this.writes.push(`put ${email} ${role}`);
    const { first: firstName, last: lastName } = appNames({ email, name });
    this.here.set(email, { id: email, username: email, firstName, lastName, roles: [role], active: true });
  }

  async remove({ username }: { username: string }): Promise<void> {
    await this.answer();
    this.writes.push(`remove ${username}`);
    this.here.delete(username);
  }

  roles(): Record<string, string | undefined> {
    return Object.fromEntries([...this.here.values()].map(({ username, roles }) => [username, roles[0]]));
  }

  private async answer(): Promise<void> {
    await this.hold;
    if (this.down) throw new AppAccessError("unreachable", "Nothing listens.");
  }
}

export interface AccessRig {
  store: Store;
  place: Place;
  app(deploymentId: string): MemoryApp;
  /** A ready Superset of the place's organization, in its default environment unless another is named. */
  deployApp(options?: { environmentId?: string; stopped?: boolean }): Promise<string>;
  /** Makes a person a member. @returns their address */
  join(role: Role): Promise<{ userId: string; email: string }>;
  work(changes?: Partial<WorkerDeps>): Promise<Worker>;
  syncs(deploymentId: string): Promise<Operation[]>;
  /** Resolves as soon as the condition holds; it is asked again whenever an operation moves. */
  until(holds: () => Promise<boolean>, timeoutSeconds?: number): Promise<void>;
  stop(): Promise<void>;
}

export async function startAccessRig(server: ScratchPostgres): Promise<AccessRig> {
  const connectionString = await server.createControlDatabase();
  await migrate(connectionString);
  const store = openStore({ connectionString });
  const node = newId("worker");
  const place = await makePlace(store, node);
  const apps = new Map<string, MemoryApp>();
  const workers: Worker[] = [];
  const dataKeys = openDataKeys(keyRing([{ id: "test", key: randomBytes(32) }]));
  const checks = new Set<() => void>();
  const notices = listen(connectionString, ["onvera_operation"], () => {
    for (const check of checks) check();
  });
  const app = (id: string): MemoryApp => {
    const found = apps.get(id) ?? new MemoryApp();
    apps.set(id, found);
    return found;
  };
  const driver = createBenchDriver({
    admin: createAdminConnection(server.connectionString("postgres")),
    ledgerFolder: "/nowhere",
    database: { host: "127.0.0.1", port: server.port },
  });
  return {
    store,
    place,
    app,
    async deployApp({ environmentId = place.environmentId, stopped = false } = {}) {
      const id = newId("deployment");
      const { organizationId } = place;
      const spec = { ...newSpec("superset", {}), power_state: stopped ? "stopped" : "running" };
      await store.asPlatform(async (db) => {
        const row = { id, organization_id: organizationId, environment_id: environmentId, name: "app" };
        await db
          .insertInto("deployments")
          .values({ ...row, app_type: "superset", host_label: id, applied_revision: 1, first_ready_at: new Date() })
          .execute();
        await db
          .insertInto("deployment_specs")
          .values({ deployment_id: id, organization_id: organizationId, revision: 1, spec: JSON.stringify(spec) })
          .execute();
      });
      return id;
    },
    async join(role) {
      const userId = newId("user");
      const email = `${userId.slice(-12)}@acme.example`;
      await store.asPlatform(async (db) => {
        await db.insertInto("users").values({ id: userId, email, name: "Ann Lee" }).execute();
        await db
          .insertInto("memberships")
          .values({ organization_id: place.organizationId, user_id: userId, role })
          .execute();
      });
      return { userId, email };
    },
    async work(changes = {}) {
      const worker = await startWorker({
        store,
        engine: {
          run: () => Promise.reject(new Error("A sync of access needs no engine")),
          close: async () => undefined,
        },
        custody: openCustody(dataKeys),
        dataKeys,
        drivers: { local: driver },
        log: {
          info: () => undefined,
          warn: () => undefined,
          error: (fields, message) => console.error(message, fields),
        },
        openApp: async ({ identity }) => app(identity.deploymentId),
        node,
        capabilities: [`local:${node}`],
        slots: 1,
        version: "test",
        ...changes,
      });
      workers.push(worker);
      return worker;
    },
    syncs: (deploymentId) =>
      store.asPlatform((db) =>
        db
          .selectFrom("operations")
          .selectAll()
          .where("resource_id", "=", deploymentId)
          .where("type", "=", "access.sync")
          .orderBy("requested_at")
          .execute(),
      ),
    until: (holds, timeoutSeconds = 30) =>
      new Promise((resolve, reject) => {
        const end = (act: () => void) => {
          clearTimeout(timer);
          checks.delete(check);
          act();
        };
        const check = () =>
          void holds().then(
            (held) => held && end(resolve),
            (error) => end(() => reject(error)),
          );
        const timer = setTimeout(() => end(() => reject(new Error(`Not in time: ${holds}`))), timeoutSeconds * 1000);
        checks.add(check);
        check();
      }),
    async stop() {
      await Promise.all(workers.map((worker) => worker.stop()));
      await notices.close();
      await store.close();
    },
  };
}
