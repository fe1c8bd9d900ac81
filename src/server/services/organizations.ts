/** Makes organizations and environments: the operator's work. */
import { sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { newId, parseId } from "../../domain/ids.ts";
import { slug as slugOf } from "../../domain/names.ts";
import { sealDatabaseUrl } from "../../store/crypto/cluster-secrets.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped } from "../../store/database.ts";
import type { Cluster, Environment } from "../../store/tables/places.ts";
import { usableClusters } from "./clusters.ts";
import { type OwnPlace, requireKubernetes } from "./environment-input.ts";

export interface NewOrganization {
  name: string;
  slug?: string | undefined;
  clusterId?: string | undefined;
  ownerId: string;
}

/**
 * Makes an organization whole: its default project, its one default environment (ON-01) and its first owner.
 * Needs a platform transaction.
 * @throws OnveraError RESOURCE_CONFLICT when the slug is taken, CLUSTER_NOT_FOUND, SINGLE_ORGANIZATION
 */
export async function insertOrganization(
  db: Scoped,
  wanted: NewOrganization,
  { singleOrganization }: { singleOrganization: boolean },
) {
  if (singleOrganization) await refuseSecondOrganization(db);
  const cluster = await clusterFor(db, wanted.clusterId, null);
  const organization = await db
    .insertInto("organizations")
    .values({ id: newId("organization"), name: wanted.name, slug: wanted.slug ?? slugOf(wanted.name, "organization") })
    .onConflict((conflict) => conflict.column("slug").doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!organization) {
    throw new OnveraError("RESOURCE_CONFLICT", {
      message: "An organization with this slug exists already. Send another slug",
    });
  }
  const project = newId("project");
  await db
    .insertInto("projects")
    .values({ id: project, organization_id: organization.id, name: "Default", slug: "default" })
    .execute();
  await db
    .insertInto("environments")
    .values({
      id: newId("environment"),
      organization_id: organization.id,
      project_id: project,
      name: "Default",
      slug: "default",
      is_default: true,
      owner: "system",
      isolation_level: "shared",
      cluster_id: cluster.id,
    })
    .execute();
  await db
    .insertInto("memberships")
    .values({ organization_id: organization.id, user_id: wanted.ownerId, role: "owner" })
    .execute();
  return organization;
}

export interface NewEnvironment {
  organizationId: string;
  name: string;
  slug?: string | undefined;
  isolationLevel: Environment["isolation_level"];
  clusterId?: string | undefined;
  projectId?: string | undefined;
  own: OwnPlace;
}

/**
 * Makes an environment owned by the system (TN-1), with its isolation level (ON-04).
 * @throws OnveraError RESOURCE_CONFLICT, VALIDATION_ERROR, CLUSTER_NOT_FOUND or PROJECT_NOT_FOUND
 */
export async function insertEnvironment(db: Scoped, dataKeys: DataKeys, wanted: NewEnvironment): Promise<Environment> {
  const { organizationId, own } = wanted;
  const cluster = await clusterFor(db, wanted.clusterId, organizationId);
  requireKubernetes(own, cluster);
  const projectId = await projectFor(db, wanted.projectId, organizationId);
  const id = newId("environment");
  const owner = { id, organization_id: organizationId };
  const environment = await db
    .insertInto("environments")
    .values({
      ...owner,
      project_id: projectId,
      name: wanted.name,
      slug: wanted.slug ?? slugOf(wanted.name, "environment"),
      owner: "system",
      isolation_level: wanted.isolationLevel,
      cluster_id: cluster.id,
      settings: JSON.stringify(own.settings),
      database_url: own.databaseUrl === undefined ? null : await sealDatabaseUrl(db, dataKeys, owner, own.databaseUrl),
    })
    .onConflict((conflict) => conflict.columns(["organization_id", "slug"]).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (!environment) {
    throw new OnveraError("RESOURCE_CONFLICT", {
      message: "An environment with this slug exists already. Send another slug",
    });
  }
  return environment;
}

// Two requests at once must not both find the place of the one organization free.
async function refuseSecondOrganization(db: Scoped): Promise<void> {
  await sql`SELECT pg_advisory_xact_lock(hashtextextended('onvera organizations', 0))`.execute(db);
  const existing = await db.selectFrom("organizations").select("id").limit(1).executeTakeFirst();
  if (existing) throw new OnveraError("SINGLE_ORGANIZATION");
}

async function clusterFor(db: Scoped, id: string | undefined, organizationId: string | null): Promise<Cluster> {
  const usable = usableClusters(db, organizationId).where("abandoned_at", "is", null);
  const found =
    id === undefined
      ? await usable.executeTakeFirst()
      : await usable.where("id", "=", parseId("cluster", id) ?? "").executeTakeFirst();
  if (!found) throw new OnveraError("CLUSTER_NOT_FOUND");
  return found;
}

async function projectFor(db: Scoped, id: string | undefined, organizationId: string): Promise<string> {
  const found = await db
    .selectFrom("projects")
    .select("id")
    .where("organization_id", "=", organizationId)
    .$if(id === undefined, (query) => query.where("slug", "=", "default"))
    .$if(id !== undefined, (query) => query.where("id", "=", parseId("project", id ?? "") ?? ""))
    .executeTakeFirst();
  if (!found) throw new OnveraError("PROJECT_NOT_FOUND");
  return found.id;
}
