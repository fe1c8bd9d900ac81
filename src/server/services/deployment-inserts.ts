/** The rows of a deployment: its record, and one of its specs per revision, sealed before they reach the database. */
import { sql } from "kysely";
import type { DeploymentSpec } from "../../domain/deployment-spec.ts";
import { newId } from "../../domain/ids.ts";
import { hostLabel, hostSuffix } from "../../domain/names.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped } from "../../store/database.ts";
import type { StoredSpec } from "../../store/schema.ts";
import { revisionPlace, sealSpec } from "../../store/spec-seal.ts";
import type { Requester } from "./requester.ts";

/** Inserts the record and its first revision in one statement. Gives the deployment's id. */
export async function insertDeployment(
  db: Scoped,
  dataKeys: DataKeys,
  { organizationId, actor }: Requester,
  wanted: { environmentId: string; name: string; appType: string; isProtected: boolean; spec: DeploymentSpec },
): Promise<string> {
  const id = newId("deployment");
  const spec = await sealSpec(db, dataKeys, { organizationId, place: revisionPlace(id, 1) }, wanted.spec);
  // A host belongs to one deployment for ever; a suffix that is taken is drawn again (ON-29).
  for (;;) {
    const inserted = await db
      .with("made", (query) =>
        query
          .insertInto("deployments")
          .values({
            id,
            organization_id: organizationId,
            environment_id: wanted.environmentId,
            name: wanted.name,
            app_type: wanted.appType,
            host_label: hostLabel(wanted.name, wanted.appType, hostSuffix()),
            protected: wanted.isProtected,
            created_by: actor.id,
          })
          .onConflict((conflict) => conflict.column("host_label").doNothing())
          .returning("id"),
      )
      .insertInto("deployment_specs")
      .columns(["deployment_id", "organization_id", "revision", "spec", "created_by"])
      .expression((query) =>
        query
          .selectFrom("made")
          .select([
            "made.id",
            sql<string>`${organizationId}::text`.as("organization_id"),
            sql<number>`1`.as("revision"),
            sql<StoredSpec>`${JSON.stringify(spec)}::jsonb`.as("spec"),
            sql<string>`${actor.id}::text`.as("created_by"),
          ]),
      )
      .returning("deployment_id")
      .executeTakeFirst();
    if (inserted) return inserted.deployment_id;
  }
}

/** Inserts a later revision of a deployment's spec. */
export async function insertRevision(
  db: Scoped,
  dataKeys: DataKeys,
  { organizationId, actor }: Requester,
  { deploymentId, revision, spec }: { deploymentId: string; revision: number; spec: DeploymentSpec },
): Promise<void> {
  const place = revisionPlace(deploymentId, revision);
  await db
    .insertInto("deployment_specs")
    .values({
      deployment_id: deploymentId,
      organization_id: organizationId,
      revision,
      spec: JSON.stringify(await sealSpec(db, dataKeys, { organizationId, place }, spec)),
      created_by: actor.id,
    })
    .execute();
}
