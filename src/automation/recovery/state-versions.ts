/**
 * The versions the database keeps of each stack's state (migration 0009), and going back to one. What state and reality
 * disagree about afterwards is found by the refresh that the next change of the deployment begins with.
 */
import { sql } from "kysely";
import { failure } from "../../domain/failures.ts";
import { writeAudit } from "../../store/audit.ts";
import type { Scoped, Store } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { StepFailure } from "../worker/target-driver.ts";
import { openState, stateFault } from "./state-integrity.ts";
import { readStateRow, stateKey, writeStateRow } from "./state-rows.ts";

export interface StateVersion {
  version: number;
  writtenAt: Date;
  generation: number;
  bytes: number;
  /** How many resources it holds; null where it is damaged, or says that the state was removed. */
  resources: number | null;
  /** What is wrong with it; null when it is whole. */
  fault: string | null;
  /** Whether the stack's state is this one now. */
  current: boolean;
}

/** What is kept of a stack, newest first. */
export async function listStateVersions(store: Store, stackName: string): Promise<StateVersion[]> {
  const rows = await store.asPlatform((db) =>
    db
      .selectFrom("state_versions")
      .selectAll()
      .where("stack_name", "=", stackName)
      .orderBy("version", "desc")
      .execute(),
  );
  const current = await sha256OfState(store, stackName);
  return rows.map(({ version, written_at, generation, bytes, sha256, data }, index) => {
    const { state, fault } = data === null ? { fault: "the state was removed" } : openState(data, stackName);
    return {
      version,
      writtenAt: written_at,
      generation,
      bytes,
      resources: state?.resources.length ?? null,
      fault: fault ?? null,
      current: index === 0 && current === sha256,
    };
  });
}

export interface Restoration {
  version: number;
  /** Why the state was not kept as it was. */
  because: string;
}

/**
 * Before an operation works on a stack: a state that is cut off, overwritten or gone is replaced by the newest whole
 * version. Nothing is guessed: that version is what the engine wrote last, or the step before it.
 * @returns undefined when nothing was wrong
 * @throws StepFailure when there is no whole version
 */
export async function mendState(store: Store, operation: Operation): Promise<Restoration | undefined> {
  const stackName = operation.resource_id;
  const fault = await faultOfStack(store, stackName);
  if (fault === undefined) return undefined;
  return restoreState(store, operation, { because: fault });
}

/**
 * Puts a version in the state's place.
 * @param options `version`: which one; the newest whole one when left out
 * @throws StepFailure when it is not kept, or damaged itself
 */
export async function restoreState(
  store: Store,
  operation: Operation,
  { version, because }: { version?: number; because: string },
): Promise<Restoration> {
  const stackName = operation.resource_id;
  const chosen = await store.asPlatform((db) => chooseVersion(db, stackName, version));
  await writeStateRow(store, stackName, operation.lease_generation, chosen.data);
  await store.asPlatform(async (db) => {
    await db
      .updateTable("deployments")
      .set({ refresh_needed_since: sql<Date>`COALESCE(refresh_needed_since, now())` })
      .where("id", "=", stackName)
      .execute();
    await writeAudit(db, {
      organizationId: operation.organization_id,
      actor: operation.requested_by,
      origin: operation.origin,
      action: "stack.state_restored",
      targetType: operation.resource_type,
      targetId: stackName,
      change: { operation_id: operation.id, version: chosen.version, because },
    });
  });
  return { version: chosen.version, because };
}

async function faultOfStack(store: Store, stackName: string): Promise<string | undefined> {
  const current = await readStateRow(store, stackName);
  if (current !== undefined) return stateFault(current, stackName);
  const newest = await store.asPlatform((db) =>
    db
      .selectFrom("state_versions")
      .select("data")
      .where("stack_name", "=", stackName)
      .orderBy("version", "desc")
      .limit(1)
      .executeTakeFirst(),
  );
  // Never made, or removed by an operation that was entitled to.
  return newest === undefined || newest.data === null ? undefined : "it is gone";
}

async function chooseVersion(db: Scoped, stackName: string, wanted: number | undefined) {
  const rows = await db
    .selectFrom("state_versions")
    .select(["version", "data"])
    .where("stack_name", "=", stackName)
    .$if(wanted !== undefined, (query) => query.where("version", "=", wanted ?? 0))
    .orderBy("version", "desc")
    .execute();
  const whole = rows.find(({ data }) => data !== null && stateFault(data, stackName) === undefined);
  if (whole !== undefined) return whole;
  const what =
    wanted === undefined ? "No whole version of it is kept." : `Version ${wanted} is not kept, or is damaged.`;
  throw new StepFailure(
    failure("STATE_DAMAGED", `The stack's state cannot be restored. ${what}`, {
      next_step: "Ask the operator: 'onvera state versions' shows what is kept.",
    }),
  );
}

/** Of the text as the trigger that keeps versions sees it; null when there is no state. */
async function sha256OfState(store: Store, stackName: string): Promise<string | null> {
  const { rows } = await store.pool.query<{ sha256: string }>(
    `SELECT encode(sha256(convert_to(data::text, 'UTF8')), 'hex') AS sha256
     FROM pulumi.pulumi_state WHERE key = current_database() || $1`,
    [stateKey(stackName)],
  );
  return rows[0]?.sha256 ?? null;
}
