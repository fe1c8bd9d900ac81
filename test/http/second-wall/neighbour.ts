/** An organization that has some of everything, each with a word in it that no other organization's rows hold. */
import { randomBytes } from "node:crypto";
import { newId } from "../../../src/domain/ids.ts";
import type { TestServer } from "../../support/http.ts";
import { newCluster } from "../../support/kubernetes-access.ts";
import { addSealedRows } from "../../support/sealed-rows.ts";
import { addSession } from "../../support/session-row.ts";
import { append, finish } from "../../support/worker-hand.ts";

/** In names, texts and addresses of the neighbour's. */
export const CANARY = "zebrafinch";

/** Sent by the neighbour with each request that takes one. */
export const SHARED_KEY = "one-key-for-both";

export interface Neighbour {
  organizationId: string;
  ownerKey: string;
  owner: string;
  /** What stands for each parameter of an address, and for each filter or member of a body of that name. */
  ids: Readonly<Record<string, string>>;
}

/** Makes it. */
export async function addNeighbour(server: TestServer): Promise<Neighbour> {
  const { organizationId, owner, ownerKey } = await server.addOrganization(`${CANARY} inc`);
  const make = async (address: string, body: object) => {
    const headers = { "Idempotency-Key": SHARED_KEY };
    const answer = await server.call("POST", `/api/v1/${address}`, { key: ownerKey, body, headers });
    if (answer.status >= 300) throw new Error(`${address}: ${JSON.stringify(answer.body)}`);
    return answer.body.data;
  };
  const { id: deploymentId, operationId } = await server.deploy(ownerKey, {
    name: `${CANARY} board`,
    environment_variables: { BIRD: `${CANARY}-variable` },
  });
  await server.deploy(ownerKey, { name: `${CANARY} second` });
  const gone = await server.deploy(ownerKey, { name: `${CANARY} gone` });
  const { body: destroy } = await server.call("DELETE", `/api/v1/deployments/${gone.id}`, { key: ownerKey });
  await finish(server.store, destroy.data.operation_id, {
    receipt: [
      {
        urn: `urn:${CANARY}`,
        type: "t",
        physical_id: CANARY,
        found: "absent",
        looked_up_by: "test",
        detail: CANARY,
      },
    ],
  });
  // It waits, so that it can be canceled.
  const { operation_id: queuedId } = await make(`deployments/${deploymentId}/restart`, {});
  await append(server.store, queuedId, [{ type: "log", data: { text: CANARY } }]);
  const projectId = (await make("projects", { name: `${CANARY} data`, slug: `${CANARY}-data` })).id;
  const { userId } = await server.addUser({ organizationId, role: "developer" });
  await server.call("PUT", `/api/v1/projects/${projectId}/roles/${userId}`, {
    key: ownerKey,
    body: { role: "admin" },
  });
  const { id: accountId } = await server.addServiceAccount(ownerKey, { role: "viewer" });
  await server.call("PATCH", `/api/v1/service-accounts/${accountId}`, {
    key: ownerKey,
    body: { description: CANARY },
  });
  const webhook = await make("webhooks", { url: `https://${CANARY}.example.test/x` });
  const delivery = await make(`webhooks/${webhook.id}/test`, {});
  // Two of each that is listed by pages, so that there are cursors.
  await server.call("POST", `/api/v1/webhooks/${webhook.id}/test`, { key: ownerKey });
  const second = { url: `https://second.${CANARY}.example.test/x` };
  await server.call("POST", "/api/v1/webhooks", { key: ownerKey, body: second });
  await server.call("POST", `/api/v1/service-accounts/${accountId}/keys`, { key: ownerKey, body: { name: CANARY } });
  const invitation = await make("invitations", { email: `${CANARY}-guest@example.test` });
  const cluster = await make("clusters", newCluster({ name: `${CANARY} cluster` }));
  const apiKey = await make("api-keys", { name: `${CANARY} key` });
  await addSealedRows(server, { organizationId, key: ownerKey });
  // The API calls each organization's first one by the same short name, which would name the asker's own.
  const { id: environmentId } = await server.store.asPlatform((db) =>
    db.selectFrom("environments").select("id").where("organization_id", "=", organizationId).executeTakeFirstOrThrow(),
  );
  await addRuntimeRows(server, { organizationId, deploymentId, owner });
  return {
    organizationId,
    ownerKey,
    owner,
    ids: {
      organization_id: organizationId,
      deployment_id: deploymentId,
      destroyed_deployment_id: gone.id,
      operation_id: queuedId,
      ended_operation_id: operationId,
      environment_id: environmentId,
      project_id: projectId,
      cluster_id: cluster.id,
      user_id: userId,
      invitation_id: invitation.id,
      service_account_id: accountId,
      webhook_id: webhook.id,
      delivery_id: delivery.id,
      api_key_id: apiKey.id,
      session_id: await addSession(server.store, owner),
      login_id: newId("cliLogin"),
      app_login_id: newId("session"),
      worker_id: newId("worker"),
    },
  };
}

/** What workers and samplers write. */
async function addRuntimeRows(
  { store, deps }: TestServer,
  { organizationId, deploymentId, owner }: { organizationId: string; deploymentId: string; owner: string },
): Promise<void> {
  const own = { deployment_id: deploymentId, organization_id: organizationId };
  const now = new Date();
  await store.asPlatform(async (db) => {
    await deps.custody.ensure(
      db,
      { ownerId: deploymentId, organizationId, name: "admin_password" },
      () => `${CANARY}-pass`,
    );
    await db
      .insertInto("deployment_resources")
      .values({ ...own, urn: `urn:${CANARY}`, type: "t", physical_id: CANARY, first_seen_at: now, last_seen_at: now })
      .execute();
    await db
      .insertInto("metric_blocks")
      .values({
        ...own,
        resolution_seconds: 15,
        starts_at: now,
        last_at: now,
        offsets: [0],
        series: [CANARY],
        readings: [1],
      })
      .execute();
    await db
      .insertInto("deployment_health")
      .values({ ...own, status: "degraded", detail: CANARY, since: now })
      .execute();
    await db
      .insertInto("access_syncs")
      .values({ ...own, error_message: CANARY })
      .execute();
    await db
      .insertInto("app_people")
      .values({ ...own, username: `${CANARY}@example.test`, role: "Alpha" })
      .execute();
    await db
      .insertInto("provider_sign_ins")
      .values({
        id: randomBytes(32),
        organization_id: organizationId,
        provider_version: CANARY,
        redirect_uri: `https://${CANARY}.example.test`,
        expires_at: new Date(Date.now() + 600_000),
      })
      .execute();
    await db
      .insertInto("provider_identities")
      .values({
        organization_id: organizationId,
        user_id: owner,
        issuer: "https://login.example.test",
        subject: CANARY,
      })
      .execute();
  });
}
