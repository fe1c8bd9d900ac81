/** Writes down which resource of a stack needs which: the engine's events do not tell, the state does. */
import { sql } from "kysely";
import type { Store } from "../../store/database.ts";
import type { Lease } from "../operations/event-log.ts";
import { readStackState } from "../recovery/state-reader.ts";

/**
 * Takes the needs of every resource from the stack's state into the list that people see; under the lease, so that an
 * overtaken worker's older state changes nothing.
 * @throws StepFailure when the state is damaged
 */
export async function recordDependencies(store: Store, deploymentId: string, lease: Lease): Promise<void> {
  const state = await readStackState(store, deploymentId);
  const needs = state?.resources.map(({ urn, dependencies }) => ({ urn, dependencies: dependencies ?? [] })) ?? [];
  await store.asPlatform((db) =>
    sql`UPDATE deployment_resources AS resource SET dependencies = known.dependencies
      FROM jsonb_to_recordset(${JSON.stringify(needs)}::jsonb) AS known (urn text, dependencies text[])
      WHERE resource.deployment_id = ${deploymentId} AND resource.urn = known.urn AND resource.deleted_at IS NULL
        AND resource.dependencies IS DISTINCT FROM known.dependencies
        AND EXISTS (SELECT 1 FROM operations WHERE id = ${lease.operationId} AND lease_owner = ${lease.owner}
          AND lease_generation = ${lease.generation})`.execute(db),
  );
}
