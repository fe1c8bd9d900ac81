/** Rows and waits of the test control plane: an organization, bench deployments, operations that change them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { submitOperation } from "../../src/automation/operations/submit.ts";
import { DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { newId } from "../../src/domain/ids.ts";
import { hostLabel, hostSuffix } from "../../src/domain/names.ts";
import type { OperationType } from "../../src/domain/operation.ts";
import type { Store } from "../../src/store/database.ts";
import type { Actor } from "../../src/store/tables/audit.ts";
import type { Operation } from "../../src/store/tables/operations.ts";

export const testActor: Actor = { kind: "system", id: "test", name: "test" };

export interface Place {
  store: Store;
  organizationId: string;
  environmentId: string;
  node: string;
}

/** Makes one organization with its default environment on a local cluster of this node. */
export async function makePlace(store: Store, node: string): Promise<Place> {
  const [organizationId, environmentId, clusterId] = [newId("organization"), newId("environment"), newId("cluster")];
  await store.asPlatform(async (db) => {
    await db
      .insertInto("organizations")
      .values({ id: organizationId, name: "Test", slug: organizationId.slice(-12) })
      .execute();
    await db
      .insertInto("clusters")
      .values({ id: clusterId, kind: "local", name: "local", domain: "localhost", node })
      .execute();
    await db
      .insertInto("environments")
      .values({
        id: environmentId,
        organization_id: organizationId,
        name: "Default",
        slug: "default",
        is_default: true,
        owner: "system",
        isolation_level: "shared",
        cluster_id: clusterId,
      })
      .execute();
  });
  return { store, organizationId, environmentId, node };
}

/** Inserts a bench deployment with revision 1 and queues its create, in one transaction. */
export async function deployBench(
  place: Place,
  spec: Partial<DeploymentSpec>,
): Promise<{ deploymentId: string; operation: Operation }> {
  const deploymentId = newId("deployment");
  const operation = await place.store.forOrganization(place.organizationId, async (db) => {
    await db
      .insertInto("deployments")
      .values({
        id: deploymentId,
        organization_id: place.organizationId,
        environment_id: place.environmentId,
        name: "bench",
        app_type: "bench",
        host_label: hostLabel("bench", "bench", hostSuffix()),
      })
      .execute();
    await db
      .insertInto("deployment_specs")
      .values({
        deployment_id: deploymentId,
        organization_id: place.organizationId,
        revision: 1,
        spec: JSON.stringify(benchSpec(spec)),
      })
      .execute();
    return submitOperation(db, request(place, deploymentId, "deployment.create", { revision: 1 }));
  });
  return { deploymentId, operation };
}

/** Writes the next revision and queues the operation that applies it. */
export async function changeBench(
  place: Place,
  deploymentId: string,
  type: OperationType,
  spec: Partial<DeploymentSpec>,
): Promise<Operation> {
  return place.store.forOrganization(place.organizationId, async (db) => {
    const { wanted_revision: previous } = await db
      .selectFrom("deployments")
      .select("wanted_revision")
      .where("id", "=", deploymentId)
      .executeTakeFirstOrThrow();
    const revision = previous + 1;
    await db
      .insertInto("deployment_specs")
      .values({
        deployment_id: deploymentId,
        organization_id: place.organizationId,
        revision,
        spec: JSON.stringify(benchSpec(spec)),
      })
      .onConflict((conflict) =>
        conflict.columns(["deployment_id", "revision"]).doUpdateSet({ spec: JSON.stringify(benchSpec(spec)) }),
      )
      .execute();
    await db.updateTable("deployments").set({ wanted_revision: revision }).where("id", "=", deploymentId).execute();
    return submitOperation(db, request(place, deploymentId, type, { revision, previous_revision: previous }));
  });
}

/** Marks the deployment as to be destroyed and queues the destroy. */
export async function destroyBench(place: Place, deploymentId: string): Promise<Operation> {
  return place.store.forOrganization(place.organizationId, async (db) => {
    await db
      .updateTable("deployments")
      .set({ destroy_requested_at: sql<Date>`COALESCE(destroy_requested_at, now())` })
      .where("id", "=", deploymentId)
      .execute();
    return submitOperation(db, request(place, deploymentId, "deployment.destroy", {}));
  });
}

export const request = (place: Place, deploymentId: string, type: OperationType, input: Record<string, unknown>) => ({
  organizationId: place.organizationId,
  type,
  resourceType: "deployment",
  resourceId: deploymentId,
  input,
  capability: `local:${place.node}`,
  requestedBy: testActor,
  origin: "system" as const,
});

/** A whole spec of the bench app. */
export const benchSpec = (spec: Partial<DeploymentSpec>): DeploymentSpec =>
  DeploymentSpec.parse({ version: "items", size: "small", power_state: "running", bench_resources: 3, ...spec });

/** A CLI in front of the real one that notes each process's first arguments. */
export function countingCli(folder: string, realCli: string, counter: string): string {
  const path = join(folder, "pulumi-counted");
  writeFileSync(path, `#!/bin/sh\necho "$1 $2" >> '${counter}'\nexec '${realCli}' "$@"\n`, { mode: 0o755 });
  return path;
}

export const readLines = (file: string): string[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .filter((line) => line !== "")
    : [];
