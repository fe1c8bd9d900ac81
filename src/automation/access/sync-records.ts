/** The records of access sync: what a sync begins with, what it came to, and when the next one is due. */
import { sql } from "kysely";
import { writeAudit } from "../../store/audit.ts";
import type { Scoped } from "../../store/database.ts";
import type { Operation } from "../../store/tables/operations.ts";
import type { Lease } from "../operations/event-log.ts";
import { ROLL_BACK_STEP } from "../worker/steps.ts";
import { type AppMember, appMembers } from "./app-members.ts";
import type { SeenPerson, SyncOutcome } from "./sync-app.ts";

export interface SyncStart {
  /** The version of who may be in that `wanted` is. */
  version: number;
  wanted: AppMember[];
}

/** An app where nobody changes anything is compared again after about so long. */
const AGAIN_AFTER_HOURS = 24;
/** After the first sync of a row that fails; it doubles up to the longest. */
const FIRST_WAIT_SECONDS = 30;
const LONGEST_WAIT_SECONDS = 3600;

/**
 * Reads who is to be in the app. Waits for whoever is just changing that, so that the version and the people agree.
 * @returns undefined where nobody is let in any more, or the app does not run
 */
export async function startSync(db: Scoped, operation: Operation): Promise<SyncStart | undefined> {
  const { resource_id: deploymentId, organization_id: organizationId } = operation;
  await db.selectFrom("organizations").select("id").where("id", "=", organizationId).forUpdate().execute();
  const { rows } = await sql<{ wanted_version: number; runs: boolean }>`
    SELECT a.wanted_version, d.status = 'ready' AND s.spec ->> 'power_state' <> 'stopped' AS runs
    FROM access_syncs a
    JOIN deployments d ON d.id = a.deployment_id
    JOIN deployment_specs s ON s.deployment_id = d.id AND s.revision = d.applied_revision
    WHERE a.deployment_id = ${deploymentId} AND a.closed_at IS NULL FOR UPDATE OF a`.execute(db);
  const [row] = rows;
  if (!row?.runs) return undefined;
  return { version: row.wanted_version, wanted: await appMembers(db, deploymentId) };
}

/**
 * Writes what a sync came to: who is in as what, who changed (for the audit log), and when to look again.
 * @returns false when the lease is no longer ours; nothing was written then
 */
export async function recordSync(
  db: Scoped,
  { operation, lease }: { operation: Operation; lease: Lease },
  { version }: SyncStart,
  outcome: SyncOutcome,
): Promise<boolean> {
  const held = await db
    .selectFrom("operations")
    .select("id")
    .where("id", "=", lease.operationId)
    .where("lease_owner", "=", lease.owner)
    .where("lease_generation", "=", lease.generation)
    .forUpdate()
    .executeTakeFirst();
  if (!held) return false;
  const whole = outcome.stopped === undefined;
  const { rows } = await sql`SELECT 1 FROM access_syncs
    WHERE deployment_id = ${operation.resource_id} AND closed_at IS NULL FOR UPDATE`.execute(db);
  // A destroy was quicker: nobody is in any more, whatever the app says.
  if (rows.length === 0) return true;
  await recordPeople(db, operation, outcome.people, whole);
  await auditChanges(db, operation, outcome.people);
  if (!whole) return true;
  const done = outcome.counts.refused === 0;
  await sql`UPDATE access_syncs SET checked_at = now() ${
    done
      ? sql`, synced_version = ${version}, failures = 0, error_code = NULL, error_message = NULL,
        due_at = CASE WHEN wanted_version > ${version} THEN now()
          -- Spread out, so that deployments made together are not all looked at together.
          ELSE now() + make_interval(hours => ${AGAIN_AFTER_HOURS}) * (0.9 + 0.2 * random()) END`
      : sql``
  } WHERE deployment_id = ${operation.resource_id}`.execute(db);
  return true;
}

/** Only what differs is written: a sync with nothing to do costs no row per person. */
async function recordPeople(db: Scoped, operation: Operation, people: readonly SeenPerson[], whole: boolean) {
  const { resource_id: deploymentId, organization_id: organizationId } = operation;
  const rows = JSON.stringify(people.map(({ username, role, error }) => ({ username, role, error })));
  await sql`INSERT INTO app_people AS known (deployment_id, organization_id, username, role, error, error_at)
    SELECT ${deploymentId}, ${organizationId}, seen.username, seen.role, seen.error,
      CASE WHEN seen.error IS NOT NULL THEN now() END
    FROM jsonb_to_recordset(${rows}::jsonb) AS seen (username text, role text, error text)
    -- Somebody new whom nothing was done for yet is nowhere.
    WHERE seen.role IS NOT NULL OR seen.error IS NOT NULL OR EXISTS (
      SELECT FROM app_people WHERE deployment_id = ${deploymentId} AND username = seen.username)
    ON CONFLICT (deployment_id, username) DO UPDATE SET role = EXCLUDED.role, error = EXCLUDED.error, error_at = EXCLUDED.error_at,
      since = CASE WHEN known.role IS DISTINCT FROM EXCLUDED.role THEN now() ELSE known.since END
    WHERE known.role IS DISTINCT FROM EXCLUDED.role OR known.error IS DISTINCT FROM EXCLUDED.error`.execute(db);
  if (!whole) return;
  // Gone from the app without us: taken out inside it, or with a restored database.
  await sql`UPDATE app_people SET role = NULL, since = now(), error = NULL, error_at = NULL
    WHERE deployment_id = ${deploymentId} AND (role IS NOT NULL OR error IS NOT NULL) AND username NOT IN (
      SELECT seen.username FROM jsonb_to_recordset(${rows}::jsonb) AS seen (username text))`.execute(db);
}

async function auditChanges(db: Scoped, operation: Operation, people: readonly SeenPerson[]): Promise<void> {
  for (const { username, role, before } of people) {
    if (role === before) continue;
    await writeAudit(db, {
      organizationId: operation.organization_id,
      actor: operation.requested_by,
      origin: operation.origin,
      requestId: operation.request_id ?? undefined,
      action: role === null ? "app_access.revoke" : "app_access.grant",
      targetType: "deployment",
      targetId: operation.resource_id,
      change: { person: username, role: { from: before, to: role }, operation_id: operation.id },
    });
  }
}

/**
 * What the end of an operation means for access sync, in the same transaction: a sync that did not succeed is due again after a growing
 * wait; an app that has just come up is looked at now, and one whose database may be an earlier copy is compared anew.
 */
export async function noteOperationEnd(
  db: Scoped,
  operation: Pick<Operation, "type" | "slot" | "status" | "step" | "error" | "resource_id">,
): Promise<void> {
  const { type, slot, status, step, error, resource_id: deploymentId } = operation;
  if (type === "access.sync") {
    if (status === "succeeded") return tellFeeders(db);
    await sql`UPDATE access_syncs SET failures = failures + 1, error_code = ${error?.code ?? "CANCELED"},
      error_message = ${error?.message ?? "The sync was canceled."},
      due_at = now() + make_interval(secs => LEAST(${LONGEST_WAIT_SECONDS}, ${FIRST_WAIT_SECONDS} * 2 ^ LEAST(failures, 20)))
      WHERE deployment_id = ${deploymentId}`.execute(db);
    return;
  }
  if (slot !== "changing" || type === "stack.pulumi") return;
  const mayBeEarlier = type === "deployment.reconcile" || (status !== "succeeded" && step === ROLL_BACK_STEP);
  await sql`UPDATE access_syncs SET due_at = now(), wanted_version = wanted_version + ${mayBeEarlier ? 1 : 0}
    WHERE deployment_id = ${deploymentId} AND (${mayBeEarlier} OR failures > 0)`.execute(db);
  await tellFeeders(db);
}

const tellFeeders = async (db: Scoped): Promise<void> => {
  await sql`SELECT pg_notify('onvera_access_sync', '')`.execute(db);
};

/** Nobody is let in any more: what a destroy's first step came to. */
export async function closeAccess(db: Scoped, deploymentId: string): Promise<void> {
  await sql`UPDATE access_syncs SET closed_at = COALESCE(closed_at, now()), checked_at = now(), error_code = NULL, error_message = NULL
    WHERE deployment_id = ${deploymentId}`.execute(db);
  await sql`UPDATE app_people SET role = NULL, since = now(), error = NULL, error_at = NULL
    WHERE deployment_id = ${deploymentId} AND (role IS NOT NULL OR error IS NOT NULL)`.execute(db);
}
