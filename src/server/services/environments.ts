/** Environments as requests name them. */
import { type Kysely, type SqlBool, sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import type { Scoped } from "../../store/database.ts";
import type { Tables } from "../../store/schema.ts";
import { DEFAULT_ENVIRONMENT } from "../views/deployment-view.ts";

/** Nothing can be deployed to a Kubernetes cluster that was abandoned or removed. */
const isGone = sql<boolean>`(c.abandoned_at IS NOT NULL OR c.removed_at IS NOT NULL)`;

/** The query for an environment and its cluster. @param id id, bare UUID or `env_default` */
export const environmentNamed = (db: Kysely<Tables>, organizationId: string, id: string) =>
  db
    .selectFrom("environments as e")
    .innerJoin("clusters as c", "c.id", "e.cluster_id")
    .selectAll("e")
    .select(["c.kind", "c.node", isGone.as("is_gone")])
    .where("e.organization_id", "=", organizationId)
    .where(
      id === DEFAULT_ENVIRONMENT
        ? sql<SqlBool>`e.is_default`
        : sql<SqlBool>`e.id = ${parseId("environment", id) ?? ""}`,
    );

/** Finds an environment by id, bare UUID or `env_default`. @throws OnveraError ENVIRONMENT_NOT_FOUND */
export async function findEnvironment(db: Scoped, organizationId: string, id: string) {
  const found = await environmentNamed(db, organizationId, id).executeTakeFirst();
  if (!found) throw new OnveraError("ENVIRONMENT_NOT_FOUND");
  return found;
}
