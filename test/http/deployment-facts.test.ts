import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { canBecome, type DeploymentFacts, deploymentStatuses, statusOf } from "../../src/domain/deployment-status.ts";
import { newId } from "../../src/domain/ids.ts";
import { openStore, type Scoped, type Store } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import { deployBench, makePlace, type Place } from "../support/control-plane-rows.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

let server: ScratchPostgres;
let store: Store;
let place: Place;

beforeAll(async () => {
  server = await startScratchPostgres({ maxConnections: 50 });
  const url = await server.createControlDatabase();
  await migrate(url);
  store = openStore({ connectionString: url });
  place = await makePlace(store, randomUUID());
});
afterAll(async () => {
  await store?.close();
  await server?.stop();
});

const columns = {
  firstReadyAt: "first_ready_at",
  failedAt: "failed_at",
  destroyRequestedAt: "destroy_requested_at",
  destroyedAt: "destroyed_at",
} as const;

/** Any set of things that happened, whether or not one may lead to the next. */
const anyFacts = fc.record(
  Object.fromEntries(
    Object.keys(columns).map((name) => [name, fc.constantFrom(null, new Date("2026-01-01T00:00:00Z"))]),
  ) as Record<keyof DeploymentFacts, fc.Arbitrary<Date | null>>,
);

/** What the database makes of such facts, asked without keeping the row. */
async function statusInDatabase(facts: DeploymentFacts): Promise<string> {
  return rolledBack(async (db) => {
    const { deploymentId } = await seed();
    await sql`ALTER TABLE onvera.deployments DISABLE TRIGGER check_deployment_transition`.execute(db);
    const row = await db
      .updateTable("deployments")
      .set(
        Object.fromEntries(
          Object.entries(columns).map(([fact, column]) => [column, facts[fact as keyof typeof facts]]),
        ),
      )
      .where("id", "=", deploymentId)
      .returning("status")
      .executeTakeFirstOrThrow();
    return row.status;
  });
}

class Undo extends Error {}

async function rolledBack<T>(work: (db: Scoped) => Promise<T>): Promise<T> {
  let result: { value: T } | undefined;
  await store
    .asPlatform(async (db) => {
      // The owner of the tables, so that the trigger can be switched off for the question.
      await sql`RESET ROLE`.execute(db);
      result = { value: await work(db) };
      throw new Undo();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undo)) throw error;
    });
  if (result === undefined) throw new Error("The work did not end.");
  return result.value;
}

let seeded: Promise<{ deploymentId: string }> | undefined;
const seed = () => {
  seeded ??= deployBench(place, {});
  return seeded;
};

describe("a deployment's status", () => {
  it("is computed by the database exactly as by the domain, whatever happened (ON-38)", async () => {
    await seed();
    await fc.assert(
      fc.asyncProperty(anyFacts, async (facts) => {
        expect(await statusInDatabase(facts)).toBe(statusOf(facts));
      }),
      { numRuns: 32 },
    );
  });

  it("can be set by no statement (ON-38)", async () => {
    const { deploymentId } = await seed();
    const setting = store.asPlatform((db) =>
      sql`UPDATE onvera.deployments SET status = 'ready' WHERE id = ${deploymentId}`.execute(db),
    );
    await expect(setting).rejects.toThrow(/can only be updated to DEFAULT/);
  });

  it("moves along the declared arrows only, in the database as in the domain (ON-09, ON-39, TN-11)", async () => {
    for (const from of deploymentStatuses) {
      for (const to of deploymentStatuses.filter((status) => status !== from)) {
        const allowed = await transitionWorks(from, to);
        expect([from, to, allowed]).toEqual([from, to, canBecome(from, to)]);
      }
    }
  });
});

/** Brings a fresh row to `from` without the trigger, then tries the step with it. */
async function transitionWorks(from: string, to: string): Promise<boolean> {
  const at = "2026-01-01T00:00:00Z";
  const factsOf: Record<string, Record<string, string | null>> = {
    provisioning: { first_ready_at: null, failed_at: null, destroy_requested_at: null, destroyed_at: null },
    ready: { first_ready_at: at, failed_at: null, destroy_requested_at: null, destroyed_at: null },
    failed: { first_ready_at: null, failed_at: at, destroy_requested_at: null, destroyed_at: null },
    destroying: { first_ready_at: at, failed_at: null, destroy_requested_at: at, destroyed_at: null },
    destroyed: { first_ready_at: at, failed_at: null, destroy_requested_at: at, destroyed_at: at },
  };
  const { deploymentId } = await seed();
  return rolledBack(async (db) => {
    const set = (facts: Record<string, string | null>) =>
      db.updateTable("deployments").set(facts).where("id", "=", deploymentId).execute();
    await sql`ALTER TABLE onvera.deployments DISABLE TRIGGER check_deployment_transition`.execute(db);
    await set(factsOf[from] ?? {});
    await sql`ALTER TABLE onvera.deployments ENABLE TRIGGER check_deployment_transition`.execute(db);
    await sql`SAVEPOINT step`.execute(db);
    try {
      await set(factsOf[to] ?? {});
      return true;
    } catch {
      await sql`ROLLBACK TO SAVEPOINT step`.execute(db);
      return false;
    }
  });
}

describe("a deployment's identity", () => {
  it.each(["id", "environment_id", "organization_id", "app_type", "host_label", "created_at"])(
    "never changes: %s (ON-03, ON-07)",
    async (column) => {
      const { deploymentId } = await seed();
      const value = column === "created_at" ? "2000-01-01T00:00:00Z" : newId("deployment");
      const change = store.asPlatform((db) =>
        sql`UPDATE onvera.deployments SET ${sql.ref(column)} = ${value} WHERE id = ${deploymentId}`.execute(db),
      );
      await expect(change).rejects.toThrow(/identity of a deployment never changes|foreign key/);
    },
  );

  it("is a dep_ id that no other deployment has, tombstones included (ON-07, ON-10)", async () => {
    const { deploymentId } = await seed();
    expect(deploymentId).toMatch(/^dep_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const again = store.asPlatform((db) =>
      sql`INSERT INTO onvera.deployments SELECT id, organization_id, environment_id, name, app_type, 'another-host' FROM onvera.deployments WHERE id = ${deploymentId}`.execute(
        db,
      ),
    );
    await expect(again).rejects.toThrow(/duplicate key/);
  });
});

describe("an operation's record", () => {
  it("keeps its end: no status follows a terminal one (ON-11, ON-13)", async () => {
    const { operation } = await deployBench(place, {});
    const set = (status: string, endedAt: string | null) =>
      store.asPlatform((db) =>
        sql`UPDATE onvera.operations SET status = ${status}, ended_at = ${endedAt} WHERE id = ${operation.id}`.execute(
          db,
        ),
      );
    await set("canceled", "2026-01-01T00:00:00Z");
    await expect(set("running", null)).rejects.toThrow(/has ended as canceled/);
    await expect(set("succeeded", "2026-01-01T00:00:01Z")).rejects.toThrow(/has ended as canceled/);
    await expect(set("done", "2026-01-01T00:00:01Z")).rejects.toThrow(/has ended|check constraint/);
  });
});
