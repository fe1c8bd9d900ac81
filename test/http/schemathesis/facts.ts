/** What the fuzzer's hooks put into requests: ids that fit each operation, and what makes a good body or query for it. */
import { declaredRoutes } from "../../../src/server/contracts/registry.ts";
import type { TestServer } from "../../support/http.ts";
import { kubeconfig, newCluster } from "../../support/kubernetes-access.ts";
import { addSession } from "../../support/session-row.ts";
import { addWorker, finish } from "../../support/worker-hand.ts";

/** How many of each thing: requests use them up. */
const POOL = 12;
const PASSWORD = "vivid-otter-kneads-lamp";

type PathValue = string | Record<string, string>;

export interface FuzzFacts {
  /** For each operation what its path may name: one value for every parameter, or a value for each by its name. */
  pools: Record<string, PathValue[]>;
  bodies: Record<string, unknown[]>;
  queries: Record<string, Record<string, string>>;
}

interface Asker {
  organizationId: string;
  /** Key of the organization's owner, who is the platform operator too. */
  key: string;
}

type Pool = (work: (n: number) => Promise<PathValue>) => Promise<PathValue[]>;
const pool: Pool = (work) => Promise.all(Array.from({ length: POOL }, (_, n) => work(n)));

/** Makes all of it on the server. */
export async function fuzzFacts(server: TestServer, asker: Asker): Promise<FuzzFacts> {
  const pools = { ...(await deploymentPools(server, asker)), ...(await otherPools(server, asker)) };
  return {
    pools,
    bodies: await goodBodies(server, asker),
    queries: { explainAccess: { user: "me", action: "deployments.read" } },
  };
}

async function deploymentPools(server: TestServer, { key, organizationId }: Asker) {
  const pools: Record<string, PathValue[]> = {};
  const dags = { app_type: "airflow", airflow: { dags: { url: "https://example.test/d.git" } } };
  const act = async (method: string, address: string) => {
    const { body } = await server.call(method, `/api/v1/deployments/${address}`, { key });
    await finish(server.store, body.data.operation_id);
  };
  const shared = await Promise.all(Array.from({ length: POOL }, () => server.deploy(key)));
  for (const { operationId, path, method } of declaredRoutes) {
    if (path.includes("{operation_id}")) pools[operationId] = shared.map((deployment) => deployment.operationId);
    if (!path.includes("{deployment_id}")) continue;
    pools[operationId] = shared.map(({ id }) => id);
    if (method === "GET") continue;
    pools[operationId] = await pool(async () => {
      const { id } = await server.deploy(key, operationId === "syncDags" ? dags : {});
      if (operationId === "startDeployment") await act("POST", `${id}/stop`);
      return id;
    });
  }
  const { id: gone } = await server.deploy(key);
  await act("DELETE", gone);
  pools.getDestroyReceipt = [gone];
  await server.store.asPlatform(async (db) => {
    for (const { id } of shared) {
      await server.deps.custody.ensure(db, { ownerId: id, organizationId, name: "admin_password" }, () => "x");
    }
  });
  return pools;
}

async function otherPools(server: TestServer, { key, organizationId }: Asker) {
  const make = async (address: string, body: object) =>
    (await server.call("POST", `/api/v1/${address}`, { key, body })).body.data.id as string;
  const member = async () => (await server.addUser({ organizationId, role: "viewer" })).userId;
  const [projectId] = (await server.call("GET", "/api/v1/projects", { key })).body.data.items.map(
    ({ id }: { id: string }) => id,
  );
  const userId = (await server.call("GET", "/api/v1/whoami", { key })).body.data.user.id as string;
  const cliLogin = () => make("auth/cli-logins", { client: "fuzz" });
  const granted = async () => {
    const user_id = await member();
    const address = `/api/v1/projects/${projectId}/roles/${user_id}`;
    await server.call("PUT", address, { key, body: { role: "developer" } });
    return { project_id: projectId, user_id };
  };
  const checked = await pool((n) => make("clusters", newCluster({ name: `to check ${n}` })));
  const pools: Record<string, PathValue[]> = {
    getOrganization: [organizationId],
    getOrganizationQueue: [organizationId],
    // Somebody else's: limits that were made up would refuse what is queued afterwards.
    updateOrganizationQueue: [(await server.addOrganization()).organizationId],
    getCluster: [server.clusterId],
    updateCluster: checked,
    abandonCluster: checked,
    listClusterLeaks: [server.clusterId],
    checkCluster: checked,
    deleteCluster: await pool((n) => make("clusters", newCluster({ name: `pool ${n}` }))),
    getCliLogin: await pool(cliLogin),
    approveCliLogin: await pool(cliLogin),
    denyCliLogin: await pool(cliLogin),
    endSession: await pool(() => addSession(server.store, userId)),
    drainWorker: await pool(() => addWorker(server.store)),
    resumeWorker: await pool(() => addWorker(server.store)),
    getProject: [projectId],
    listProjectRoles: [projectId],
    updateProject: await pool((n) => make("projects", { name: `to change ${n}` })),
    deleteProject: await pool((n) => make("projects", { name: `to delete ${n}` })),
    grantProjectRole: await pool(async () => ({ project_id: projectId, user_id: await member() })),
    revokeProjectRole: await pool(granted),
    revokeInvitation: await pool((n) => make("invitations", { email: `revoked-${n}@example.test` })),
  };
  const webhooks = await pool(async (n) => {
    const webhook_id = await make("webhooks", { url: `https://hooks.example.test/${n}` });
    const { body } = await server.call("POST", `/api/v1/webhooks/${webhook_id}/test`, { key });
    return { webhook_id, delivery_id: body.data.id };
  });
  for (const { operationId, path } of declaredRoutes)
    if (path.includes("{webhook_id}") && operationId !== "deleteWebhook") pools[operationId] = webhooks;
  pools.deleteWebhook = await Promise.all(
    Array.from({ length: POOL / 3 }, async (_, n) => ({
      webhook_id: await make("webhooks", { url: `https://gone.example.test/${n}` }),
    })),
  );
  for (const name of ["getMember", "updateMember", "removeMember"]) pools[name] = await pool(member);
  for (const { operationId, path } of declaredRoutes) {
    if (path.includes("{environment_id}")) {
      pools[operationId] = await pool((n) => make("environments", { name: `pool ${operationId} ${n}` }));
    }
    if (path.includes("{service_account_id}")) {
      pools[operationId] = await pool((n) => make("service-accounts", { name: `pool ${operationId} ${n}` }));
    }
    if (path.includes("{api_key_id}")) {
      pools[operationId] = await pool((n) => make("api-keys", { name: `pool ${operationId} ${n}` }));
    }
  }
  return pools;
}

async function goodBodies(server: TestServer, { key, organizationId }: Asker): Promise<Record<string, unknown[]>> {
  const { email } = await server.addUser({ organizationId, role: "viewer", password: PASSWORD });
  const login = await server.call("POST", "/api/v1/auth/login", { body: { email, password: PASSWORD } });
  const invitation = async (n: number) => {
    const body = { email: `invited-${n}@example.test` };
    const { token } = (await server.call("POST", "/api/v1/invitations", { key, body })).body.data;
    return { token, password: PASSWORD, name: "Invited" };
  };
  return {
    createDeployment: [{ app_type: "superset", name: "fuzz SERIAL" }],
    updateDeployment: [{ name: "renamed SERIAL" }],
    planDeployment: [{ destroy: true }],
    scaleDeployment: [{ replicas: { web: 2 } }],
    runPulumi: [{ argv: ["refresh"] }],
    restoreState: [{}, { version: 1 }],
    createEnvironment: [{ name: "env SERIAL" }],
    updateEnvironment: [{ name: "env renamed SERIAL" }],
    createOrganization: [{ name: "org SERIAL" }],
    updateOrganizationQueue: [{ running_limit: 1000, queued_limit: null }],
    createProject: [{ name: "project SERIAL" }],
    updateProject: [{ name: "project renamed SERIAL" }],
    grantProjectRole: [{ role: "developer" }],
    updateMember: [{ role: "developer" }],
    createInvitation: [{ email: "guest-SERIAL@example.test" }],
    acceptInvitation: await Promise.all(Array.from({ length: POOL }, (_, n) => invitation(n))),
    signUp: [{ email: "new-SERIAL@example.test", name: "New", password: PASSWORD }],
    createApiKey: [{ name: "key SERIAL" }],
    rotateApiKey: [{}],
    createServiceAccount: [{ name: "account SERIAL", role: "developer" }],
    updateServiceAccount: [{ role: "viewer" }],
    createServiceAccountKey: [{ name: "key SERIAL" }],
    createCluster: [newCluster({ name: "cluster SERIAL" })],
    abandonDeployment: [{ confirm_name: "SERIAL" }],
    abandonCluster: [{ confirm_name: "SERIAL" }],
    updateCluster: [{ kubeconfig: kubeconfig() }],
    putSso: [{ issuer: "https://login.example.invalid", client_id: "SERIAL" }],
    beginSso: [{ who: "acme" }],
    finishSso: [{ response: "code=x&state=x" }],
    createWebhook: [{ url: "https://new.example.test/SERIAL" }],
    updateWebhook: [{ description: "changed SERIAL", enabled: true }],
    login: [{ email, password: PASSWORD }],
    refreshSession: [{ refresh_token: login.body.data.refresh_token }],
  };
}
