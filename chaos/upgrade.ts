/** R13: stacks an earlier version left are not changed by an upgrade; old and new workers work side by side; the schema moves under load. */
import { setTimeout as wait } from "node:timers/promises";
import { type Migration, sql } from "kysely";
import { knownHere } from "../src/automation/worker/claim.ts";
import type { Worker } from "../src/automation/worker/start.ts";
import type { OperationType } from "../src/domain/operation.ts";
import { migrate, migrateWith, migrations } from "../src/store/migrate.ts";
import { type ControlPlane, startControlPlane } from "../test/support/control-plane.ts";
import { startScratchPostgres } from "../test/support/postgres.ts";
import type { ChaosReport, ChaosTest } from "./chaos-test.ts";
import { inSession } from "./crash-matrix/state-hold.ts";
import { runBesideOlder } from "./upgrade/beside-older.ts";
import { readStoredStacks, restoreStoredStacks } from "./upgrade/stored-stacks.ts";

const DEPLOYMENTS = 6;
const ENDED_SECONDS = 300;
/** Deployments under way at the same time. */
const LANES = 3;

export const upgrade: ChaosTest = {
  summary:
    "R13: 10 stored stacks through an upgrade, old and new workers, the schema migrated under load (--count N); --from REF: beside a really older build",
  run: ({ count, from, seed, say }) =>
    from === undefined ? runUpgrade(count ?? DEPLOYMENTS, say) : runBesideOlder({ ref: from, count, seed, say }),
};

/** Came after the version that left the stored stacks. */
const NEW_TYPE: OperationType = "deployment.reconcile";
const newTypes: readonly OperationType[] = [NEW_TYPE, "deployment.rotate_credentials"];

/** What workers of that version take. */
const oldKnowledge = {
  ...knownHere,
  types: knownHere.types.filter((type) => !newTypes.includes(type as OperationType)),
};

/** What a next version may bring: it adds, on tables that are written all the time. */
const nextMigrations: Record<string, Migration> = {
  "9999-next": {
    async up(db) {
      await sql`ALTER TABLE onvera.operations ADD COLUMN next_note text, ADD COLUMN next_count integer NOT NULL DEFAULT 0`.execute(
        db,
      );
      await sql`ALTER TABLE onvera.operation_events ADD COLUMN next_note text`.execute(db);
      await sql`CREATE INDEX next_operations ON onvera.operations (organization_id, requested_at)`.execute(db);
      await sql`CREATE TABLE onvera.next_notes (operation_id text PRIMARY KEY REFERENCES onvera.operations (id))`.execute(
        db,
      );
    },
  },
};

/** Runs it all on a control plane of its own. @param deployments made while the schema moves */
export async function runUpgrade(deployments: number, say: (line: string) => void): Promise<ChaosReport> {
  const stored = readStoredStacks();
  const server = await startScratchPostgres({ maxConnections: 200 });
  const plane = await startControlPlane(server, {
    masterKey: { id: "test", key: Buffer.from(stored.masterKey, "base64") },
    prepare: (connectionString) =>
      restoreStoredStacks(stored, {
        connectionString,
        superuser: server.connectionString(new URL(connectionString).pathname.slice(1)),
      }),
  });
  try {
    const capabilities = await capabilitiesOf(plane);
    const old = await plane.startWorker({ capabilities, knows: oldKnowledge, version: "0.0.1", slots: 1 });
    const current = await plane.startWorker({ capabilities, slots: 1 });
    const planned = await storedPlans(plane);
    say(
      `${planned.length} stacks planned, ${planned.filter(({ changes }) => changes > 0).length} of them with changes`,
    );
    const made = await deployWhileMigrating(plane, deployments);
    say(`${made.ended} operations ended while ${made.applied.join(", ")} was applied`);
    const counts = await countAll(server.connectionString(new URL(plane.store.connectionString).pathname.slice(1)));
    const [oldTypes, currentTypes] = [await ranBy(plane, old), await ranBy(plane, current)];
    return report({ planned, made, counts, oldTypes, currentTypes });
  } finally {
    await plane.stop();
    await server.stop();
  }
}

/** Of the nodes the stored stacks are on, and of the plane's own. */
async function capabilitiesOf({ store, place }: ControlPlane): Promise<string[]> {
  const rows = await store.asPlatform((db) => db.selectFrom("clusters").select("node").distinct().execute());
  return [...new Set([...rows.map(({ node }) => node), place.node])].map((node) => `local:${node}`);
}

interface Planned {
  operationId: string;
  status: string;
  changes: number;
}

/** The plans that the earlier version queued and never ran. */
async function storedPlans(plane: ControlPlane): Promise<Planned[]> {
  const queued = await plane.store.asPlatform((db) =>
    db.selectFrom("operations").select("id").where("type", "=", "deployment.plan").execute(),
  );
  return Promise.all(
    queued.map(async ({ id }) => {
      const { status, result } = await plane.ended(id, ENDED_SECONDS);
      const summary = (result?.summary ?? { unknown: 1 }) as Record<string, number>;
      const changes = Object.entries(summary).reduce((sum, [op, count]) => (op === "same" ? sum : sum + count), 0);
      return { operationId: id, status, changes };
    }),
  );
}

interface Made {
  ended: number;
  failed: string[];
  applied: string[];
}

/** Stacks come, change and go while another version's migrations are applied, and this version is started again after them. */
async function deployWhileMigrating(plane: ControlPlane, deployments: number): Promise<Made> {
  const { connectionString } = plane.store;
  const failed: string[] = [];
  let ended = 0;
  let begun = 0;
  const expect = async (operationId: string) => {
    const { status, error, type } = await plane.ended(operationId, ENDED_SECONDS);
    ended += 1;
    if (status !== "succeeded") failed.push(`${type} ${operationId} ended as ${status}: ${error?.code}`);
  };
  const lane = async () => {
    while (begun < deployments) {
      begun += 1;
      const { deploymentId, operation } = await plane.deploy({ version: "database" });
      await expect(operation.id);
      await expect((await plane.change(deploymentId, "deployment.update", { version: "database", size: "medium" })).id);
      await expect((await plane.submit(deploymentId, NEW_TYPE, { revision: 2 })).id);
      await expect((await plane.destroy(deploymentId)).id);
    }
  };
  const lanes = Promise.all(Array.from({ length: LANES }, lane));
  lanes.catch(() => undefined);
  while (ended === 0 && failed.length === 0) await wait(100);
  const applied = await migrateWith(connectionString, { ...migrations, ...nextMigrations });
  const again = await migrate(connectionString);
  await lanes;
  return { ended, failed: [...failed, ...again.map((name) => `${name} was applied twice`)], applied };
}

/** The types of what a worker brought to its end. */
async function ranBy({ store }: ControlPlane, { id }: Worker): Promise<string[]> {
  const rows = await store.asPlatform((db) =>
    db
      .selectFrom("operations")
      .select("type")
      .where("lease_owner", "=", id)
      .where("status", "=", "succeeded")
      .execute(),
  );
  return rows.map(({ type }) => type);
}

interface Counts {
  operations: number;
  ended: number;
  orphans: number;
  duplicates: number;
  lost: number;
}

/** Everything that was made was destroyed again, and the stored stacks are records only: nothing may stand on the server. */
async function countAll(control: string): Promise<Counts> {
  return inSession(control, async (client) => {
    const { rows } = await client.query<Counts>(
      `WITH ends AS (SELECT operation_id, count(*) FILTER (WHERE type = 'end') AS ends, count(*) AS events, max(seq) AS last
         FROM onvera.operation_events GROUP BY 1)
       SELECT (SELECT count(*) FROM onvera.operations)::int AS operations,
         (SELECT count(*) FROM onvera.operations WHERE ended_at IS NOT NULL)::int AS ended,
         ((SELECT count(*) FROM pg_database WHERE datname LIKE 'ov\\_%')
           + (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'ov\\_%'))::int AS orphans,
         (SELECT count(*) FROM ends WHERE ends > 1)::int AS duplicates,
         (SELECT count(*) FROM ends WHERE events <> last)::int AS lost`,
    );
    return rows[0] ?? { operations: 0, ended: 0, orphans: 0, duplicates: 0, lost: 0 };
  });
}

function report(found: {
  planned: Planned[];
  made: Made;
  counts: Counts;
  oldTypes: string[];
  currentTypes: string[];
}): ChaosReport {
  const { planned, made, counts, oldTypes, currentTypes } = found;
  const { operations, ended, orphans, duplicates, lost } = counts;
  const changed = planned.filter(({ changes }) => changes > 0);
  const unplanned = planned.filter(({ status }) => status !== "succeeded");
  const failures = [
    ...changed.map(({ operationId, changes }) => `${operationId} plans ${changes} changes of a stack nobody changed`),
    ...unplanned.map(({ operationId, status }) => `${operationId} ended as ${status}`),
    ...made.failed,
    ...(operations === ended ? [] : [`${operations - ended} operations have not ended`]),
    ...(orphans + duplicates + lost === 0
      ? []
      : [`${orphans} orphans, ${duplicates} doubled, ${lost} event logs with a gap`]),
    ...(planned.length === 10 ? [] : [`${planned.length} stored stacks instead of 10`]),
    ...(made.applied.length === 1 ? [] : [`${made.applied.length} migrations were applied under load`]),
    ...(oldTypes.length > 0 && currentTypes.includes(NEW_TYPE)
      ? []
      : [`the old worker ran ${oldTypes.length} operations, the new one ${currentTypes.length}`]),
    ...oldTypes.filter((type) => type === NEW_TYPE).map((type) => `the old worker took a ${type}`),
  ];
  return {
    result: {
      test: "upgrade",
      cases: operations,
      terminal: ended,
      orphans,
      duplicates,
      lost,
      ok: failures.length === 0,
    },
    figures: {
      storedStacks: planned.length,
      plannedChanges: changed.reduce((sum, { changes }) => sum + changes, 0),
      failedOperations: made.failed.length + unplanned.length,
      byOldWorker: oldTypes.length,
      byNewWorker: currentTypes.length,
    },
    table: [],
    failures,
  };
}
