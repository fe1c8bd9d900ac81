/** Giving up what is on a cluster that is gone: one deployment, or the cluster with all of them. */
import { sql } from "kysely";
import { type Abandoned, abandonDeployment } from "../../automation/operations/abandon.ts";
import { OnveraError } from "../../domain/errors.ts";
import type { Scoped } from "../../store/database.ts";
import type { Cluster } from "../../store/tables/places.ts";
import { capabilityOf } from "./deployment-rows.ts";
import type { Requester } from "./requester.ts";

export interface AbandonedDeployment extends Abandoned {
  id: string;
  organizationId: string;
  name: string;
}

type Who = Omit<Requester, "organizationId">;

/** @throws OnveraError VALIDATION_ERROR unless the name was typed as it is */
export function requireTyped(name: string, typed: string): void {
  if (typed === name) return;
  throw new OnveraError("VALIDATION_ERROR", {
    message: `To give it up, send confirm_name with its name, ${JSON.stringify(name)}`,
    fields: [{ pointer: "/confirm_name", message: "This is not its name." }],
  });
}

/**
 * Gives deployments up whose rows the caller's transaction holds.
 * @param reason why the cluster is taken for gone
 * @throws OperationConflict while an operation of one of them runs
 */
export async function abandonDeployments(
  db: Scoped,
  deployments: readonly { id: string; organization_id: string; name: string }[],
  { requester, reason }: { requester: Who; reason: string },
): Promise<AbandonedDeployment[]> {
  const abandoned: AbandonedDeployment[] = [];
  for (const { id, organization_id: organizationId, name } of deployments) {
    const { actor: requestedBy, origin, requestId } = requester;
    const common = { organizationId, requestedBy, origin, requestId, reason };
    const capability = capabilityOf({ kind: "kubernetes", node: null });
    abandoned.push({
      id,
      organizationId,
      name,
      ...(await abandonDeployment(db, { ...common, resourceId: id, capability })),
    });
  }
  return abandoned;
}

/**
 * Gives the cluster up with everything on it, and forgets its secrets.
 * @throws OnveraError RESOURCE_CONFLICT when somebody else did meanwhile
 * @throws OperationConflict while an operation runs there
 */
export async function abandonCluster(
  db: Scoped,
  cluster: Cluster,
  by: { requester: Who; reason: string },
): Promise<{ row: Cluster; deployments: AbandonedDeployment[] }> {
  const row = await db
    .updateTable("clusters")
    .set({ access: null, database_url: null, preflight: null, abandoned_at: sql<Date>`now()` })
    .where("id", "=", cluster.id)
    .where("abandoned_at", "is", null)
    .where("removed_at", "is", null)
    .returningAll()
    .executeTakeFirst();
  if (!row) throw new OnveraError("RESOURCE_CONFLICT", { message: "The cluster was abandoned or removed already" });
  const living = await db
    .selectFrom("deployments as d")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .select(["d.id", "d.organization_id", "d.name"])
    .where("e.cluster_id", "=", cluster.id)
    .where("d.destroyed_at", "is", null)
    .orderBy("d.id")
    .forUpdate("d")
    .execute();
  const deployments = await abandonDeployments(db, living, by);
  await db.updateTable("environments").set({ database_url: null }).where("cluster_id", "=", cluster.id).execute();
  return { row, deployments };
}
