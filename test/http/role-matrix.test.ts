/** Every declared route as every kind of caller: what the permission table says is what happens, and nothing else is open. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoles } from "../../src/domain/membership.ts";
import {
  judge,
  type Permission,
  permissions,
  type Role,
  roles,
  type Scope,
  scopes,
} from "../../src/domain/permissions.ts";
import { type DeclaredRoute, declaredRoutes } from "../../src/server/contracts/registry.ts";
import { type Answer, startTestServer, type TestServer } from "../support/http.ts";
import { newCluster } from "../support/kubernetes-access.ts";
import { addSession } from "../support/session-row.ts";
import { addWorker, finish } from "../support/worker-hand.ts";

interface Fixture {
  deploymentId: string;
  operationId: string;
  keyId: string;
  sessionId: string;
  loginId: string;
  userId: string;
  invitationId: string;
  accountId: string;
}

interface Asked {
  ok: number;
  body?: unknown;
  query?: string;
  stopped?: boolean;
  dags?: boolean;
  /** The asker is gone, or something less, afterwards: each asks as a person of their own. */
  spendsAsker?: boolean;
  /** It has no end. */
  stream?: boolean;
  /** What an operator who is no member gets. */
  operator?: number;
  /** What the owner of another organization gets there. */
  stranger?: number;
  /** What a service account gets where a person of its role is let in: it is nobody who could leave or be signed in. */
  account?: number;
}

/** How each route is asked so that it would succeed. A route that is missing here fails the test below. */
const requests: Record<string, Asked> = {
  createDeployment: { ok: 202, body: { app_type: "superset" } },
  listDeployments: { ok: 200 },
  getDeployment: { ok: 200 },
  updateDeployment: { ok: 200, body: { name: "renamed" } },
  destroyDeployment: { ok: 202 },
  planDeployment: { ok: 202, body: { destroy: true } },
  startDeployment: { ok: 202, stopped: true },
  stopDeployment: { ok: 202 },
  restartDeployment: { ok: 202 },
  scaleDeployment: { ok: 202, body: { replicas: { web: 2 } } },
  rotateCredentials: { ok: 202 },
  syncDags: { ok: 202, dags: true },
  runPulumi: { ok: 202, body: { argv: ["refresh"] } },
  restoreState: { ok: 202, body: {} },
  listStateVersions: { ok: 200 },
  getDeploymentLogs: { ok: 200 },
  downloadDeploymentLogs: { ok: 200 },
  getDeploymentHealth: { ok: 200 },
  getDeploymentMetrics: { ok: 200 },
  getDeploymentMetricsHistory: { ok: 200 },
  listDeploymentResources: { ok: 200 },
  getDeploymentOutputs: { ok: 200 },
  listDeploymentEvents: { ok: 200 },
  listDeploymentOperations: { ok: 200 },
  getDeploymentCredentials: { ok: 404 },
  getDestroyReceipt: { ok: 404 },
  listOperations: { ok: 200 },
  getOperation: { ok: 200 },
  cancelOperation: { ok: 202 },
  listOperationEvents: { ok: 200 },
  streamActivity: { ok: 200, stream: true },
  listEnvironments: { ok: 200 },
  getEnvironment: { ok: 200 },
  createEnvironment: { ok: 201, body: { name: "Production" } },
  updateEnvironment: { ok: 403, body: { name: "Renamed" } },
  deleteEnvironment: { ok: 403 },
  listOrganizations: { ok: 200 },
  getOrganization: { ok: 200 },
  createOrganization: { ok: 201, body: { name: "Acme" } },
  getOrganizationQueue: { ok: 200 },
  updateOrganizationQueue: { ok: 200, body: { running_limit: 5 } },
  listProjects: { ok: 200 },
  getProject: { ok: 200 },
  createProject: { ok: 201, body: { name: "Data" } },
  updateProject: { ok: 200, body: { name: "Renamed" } },
  deleteProject: { ok: 409 },
  listProjectRoles: { ok: 200 },
  grantProjectRole: { ok: 200, body: { role: "developer" } },
  revokeProjectRole: { ok: 404 },
  listMembers: { ok: 200 },
  getMember: { ok: 200 },
  updateMember: { ok: 200, body: { role: "developer" } },
  removeMember: { ok: 200 },
  leaveOrganization: { ok: 200, spendsAsker: true, operator: 404, stranger: 409, account: 404 },
  transferOwnership: { ok: 200, spendsAsker: true },
  createInvitation: { ok: 201, body: { email: "guest@example.test" } },
  listInvitations: { ok: 200 },
  revokeInvitation: { ok: 200 },
  acceptInvitation: { ok: 403, body: { token: "x", password: "x" } },
  signUp: { ok: 403, body: { email: "x@example.test", name: "X", password: "x" } },
  switchOrganization: { ok: 403, body: { organization_id: "org_x" } },
  explainAccess: { ok: 200, query: "?user=me&action=deployments.read", operator: 404 },
  listClusters: { ok: 200 },
  getCluster: { ok: 200 },
  createCluster: { ok: 201, body: newCluster() },
  checkCluster: { ok: 200, stranger: 404 },
  deleteCluster: { ok: 200, stranger: 404 },
  listWorkers: { ok: 200 },
  drainWorker: { ok: 200 },
  resumeWorker: { ok: 200 },
  login: { ok: 401, body: { email: "x@example.test", password: "x" } },
  refreshSession: { ok: 401, body: { refresh_token: "x" } },
  logout: { ok: 200 },
  beginCliLogin: { ok: 201, body: { client: "matrix" } },
  redeemCliLogin: { ok: 403, body: { secret: "onv_cli_none" } },
  getCliLogin: { ok: 200 },
  approveCliLogin: { ok: 200 },
  denyCliLogin: { ok: 200 },
  // Nobody's key opens an app: only a person who is signed in does.
  completeAppLogin: { ok: 403 },
  listSessions: { ok: 200 },
  endSession: { ok: 200, account: 404 },
  getCurrentUser: { ok: 200 },
  createApiKey: { ok: 201, body: { name: "k" } },
  listApiKeys: { ok: 200 },
  getApiKey: { ok: 200 },
  revokeApiKey: { ok: 200 },
  rotateApiKey: { ok: 201, body: {} },
  createServiceAccount: { ok: 201, body: { name: "ci" } },
  listServiceAccounts: { ok: 200 },
  getServiceAccount: { ok: 200 },
  updateServiceAccount: { ok: 200, body: { description: "changed" } },
  deleteServiceAccount: { ok: 200 },
  createServiceAccountKey: { ok: 201, body: { name: "k" } },
  listServiceAccountKeys: { ok: 200 },
  getSso: { ok: 200 },
  putSso: { ok: 400, body: { issuer: "http://127.0.0.1:9", client_id: "x" } },
  testSso: { ok: 404 },
  deleteSso: { ok: 404 },
  // Asked by no page of ours; the rest is in sso-sign-in.test.ts.
  beginSso: { ok: 403, body: { who: "acme" } },
  finishSso: { ok: 403, body: { response: "x" } },
  listAuditEvents: { ok: 200 },
  exportAuditEvents: { ok: 200 },
  verifyAuditLog: { ok: 200 },
  createWebhook: { ok: 201, body: { url: "https://hooks.example.test/x" } },
  listWebhooks: { ok: 200 },
  getWebhook: { ok: 200 },
  updateWebhook: { ok: 200, body: { description: "changed" } },
  deleteWebhook: { ok: 200 },
  rotateWebhookSecret: { ok: 200 },
  testWebhook: { ok: 202 },
  listWebhookDeliveries: { ok: 200 },
  redeliverWebhook: { ok: 202 },
  getJwks: { ok: 200 },
  listApps: { ok: 200 },
  getVersion: { ok: 200 },
  healthz: { ok: 200 },
  readyz: { ok: 200 },
  readMetrics: { ok: 200 },
};

/** Routes whose address names something of one organization. */
const foreign = (route: DeclaredRoute) =>
  /\{(deployment|operation|organization|project|api_key|user|invitation|webhook|service_account)_id\}/.test(route.path);

let server: TestServer;
let organizationId: string;
let projectId: string;
let owner: string;
let workerId: string;
let ownerKey: string;
const accountRoles = projectRoles;
const keys: Partial<Record<Role | "operator" | "stranger" | "expired" | "revoked" | `account ${Role}`, string>> = {};
let unique = 0;

beforeAll(async () => {
  server = await startTestServer({
    privateClusterHosts: ["127.0.0.1"],
    limits: { perCaller: 100_000, perAddress: 100_000, failuresPerAddress: 100_000, signInsPerPersonAndAddress: 1000 },
  });
  ({ organizationId, owner, ownerKey } = await server.addOrganization());
  projectId = (await server.call("GET", "/api/v1/projects", { key: ownerKey })).body.data.items[0].id;
  for (const role of roles) {
    const { userId } = await server.addUser({ organizationId, role });
    keys[role] = (await server.addKey({ organizationId, userId })).key;
  }
  for (const role of accountRoles) keys[`account ${role}`] = (await server.addServiceAccount(ownerKey, { role })).key;
  workerId = await addWorker(server.store);
  const elsewhere = await server.addOrganization();
  keys.stranger = elsewhere.ownerKey;
  const operator = await server.addUser({ organizationId: elsewhere.organizationId, role: "viewer", isOperator: true });
  keys.operator = (await server.addKey({ organizationId: elsewhere.organizationId, userId: operator.userId })).key;
  keys.expired = (await server.addKey({ organizationId, userId: owner, expiresAt: new Date(0) })).key;
  const revoked = await server.addKey({ organizationId, userId: owner });
  await server.call("DELETE", `/api/v1/api-keys/${revoked.id}`, { key: ownerKey });
  keys.revoked = revoked.key;
});
afterAll(() => server.close());

/** Something fresh to act on, owned by the asker where that matters. */
async function fixture(route: DeclaredRoute, asker: string | undefined): Promise<Fixture> {
  const request = requests[route.operationId];
  const body = request?.dags
    ? { app_type: "airflow", airflow: { dags: { url: "https://example.test/dags.git" } } }
    : { app_type: "superset" };
  const { id, operationId } = await server.deploy(ownerKey, body, { ready: route.operationId !== "cancelOperation" });
  if (request?.stopped) {
    const stop = await server.call("POST", `/api/v1/deployments/${id}/stop`, { key: ownerKey });
    await finish(server.store, stop.body.data.operation_id);
  }
  const me = asker && (await server.call("GET", "/api/v1/whoami", { key: asker })).body.data?.user?.id;
  const { id: keyId } = await server.addKey({ organizationId, userId: me ?? owner });
  const sessionId = await addSession(server.store, me?.startsWith("usr_") ? me : owner);
  const login = await server.call("POST", "/api/v1/auth/cli-logins", { body: { client: "matrix" } });
  const { userId } = await server.addUser({ organizationId, role: "viewer" });
  const invited = { email: `guest-${unique++}@example.test` };
  const invitation = await server.call("POST", "/api/v1/invitations", { key: ownerKey, body: invited });
  const { id: accountId } = route.path.includes("{service_account_id}")
    ? await server.addServiceAccount(ownerKey, {})
    : { id: "" };
  return {
    deploymentId: id,
    operationId,
    keyId,
    sessionId,
    loginId: login.body.data.id,
    userId,
    invitationId: invitation.body.data.id,
    accountId,
  };
}

const nothing: Fixture = {
  deploymentId: "",
  operationId: "",
  keyId: "",
  sessionId: "",
  loginId: "",
  userId: "",
  invitationId: "",
  accountId: "",
};
/** One with something to send again; the organization has room for a few only, so the one before goes. */
async function webhook(): Promise<{ webhookId: string; deliveryId: string }> {
  const call = (method: string, address: string, body?: object) =>
    server.call(method, `/api/v1/webhooks${address}`, { key: ownerKey, ...(body && { body }) });
  for (const { id } of (await call("GET", "")).body.data.items) await call("DELETE", `/${id}`);
  const made = await call("POST", "", { url: "https://hooks.example.test/x" });
  const tested = await call("POST", `/${made.body.data.id}/test`);
  return { webhookId: made.body.data.id, deliveryId: tested.body.data.id };
}

async function ownCluster(): Promise<string> {
  const body = newCluster({ name: `c${unique++}` });
  return (await server.call("POST", "/api/v1/clusters", { key: ownerKey, body })).body.data.id;
}

async function keyOf(role: Role, route: DeclaredRoute): Promise<string | undefined> {
  if (!requests[route.operationId]?.spendsAsker) return keys[role];
  const { userId } = await server.addUser({ organizationId, role });
  return (await server.addKey({ organizationId, userId })).key;
}

async function ask(
  route: DeclaredRoute,
  key: string | undefined,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const needsFixture = /\{(deployment|operation|api_key|session|login|user|invitation|service_account)_id\}/.test(
    route.path,
  );
  const made = needsFixture ? await fixture(route, key) : nothing;
  const hook = route.path.includes("{webhook_id}") ? await webhook() : { webhookId: "", deliveryId: "" };
  const path = route.path
    .replace("{webhook_id}", hook.webhookId)
    .replace("{delivery_id}", hook.deliveryId)
    .replace("{deployment_id}", made.deploymentId)
    .replace("{operation_id}", made.operationId)
    .replace("{api_key_id}", made.keyId)
    .replace("{session_id}", made.sessionId)
    .replace("{login_id}", made.loginId)
    .replace("{user_id}", made.userId)
    .replace("{invitation_id}", made.invitationId)
    .replace("{service_account_id}", made.accountId)
    .replace("{organization_id}", organizationId)
    .replace("{project_id}", projectId)
    .replace("{cluster_id}", route.method === "GET" ? server.clusterId : await ownCluster())
    .replace("{worker_id}", workerId)
    .replace("{environment_id}", "env_default");
  const { query = "", stream = false } = requests[route.operationId] ?? {};
  let body = requests[route.operationId]?.body;
  if (/^create(Organization|Environment|Project)$/.test(route.operationId))
    body = { ...(body as object), slug: `s${unique++}` };
  if (route.operationId === "createCluster") body = newCluster({ name: `c${unique++}` });
  return server.call(route.method, `${path}${query}`, {
    key,
    headers,
    stream,
    ...(body === undefined ? {} : { body }),
  });
}

const isPermission = (route: DeclaredRoute): route is DeclaredRoute & { access: Permission } =>
  route.access !== "public" && route.access !== "signed-in";

/** Writing environments is open to nobody but the operator, who is told apart by the handler (TN-1). */
const isEnvironmentWrite = (route: DeclaredRoute) => route.access === "environments.write";

it("has a request for every declared route, and every permission has a route or a reader", () => {
  expect(Object.keys(requests).sort()).toEqual(declaredRoutes.map(({ operationId }) => operationId).sort());
  const used = new Set(declaredRoutes.map(({ access }) => access));
  const unused = (Object.keys(permissions) as Permission[]).filter((name) => !used.has(name));
  expect(unused).toEqual(["environments.manage", "clusters.manage"]);
});

describe.each(declaredRoutes.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s",
  (_name, route) => {
    const { ok, ...others } = requests[route.operationId] ?? { ok: 0 };

    if (route.access === "public") {
      it("answers without a key", async () => {
        expect((await ask(route, undefined)).status).toBe(ok);
      });
      return;
    }

    it("anonymous, expired and revoked callers get 401", async () => {
      for (const [key, code] of [
        [undefined, "MISSING_API_KEY"],
        [keys.expired, "API_KEY_EXPIRED"],
        [keys.revoked, "API_KEY_REVOKED"],
      ] as const) {
        const answer = await ask(route, key);
        expect([answer.status, answer.body.error.code]).toEqual([401, code]);
      }
    });

    it("each role gets what the permission table says", async () => {
      for (const role of roles) {
        const answer = await ask(route, await keyOf(role, route));
        const allowed =
          !isPermission(route) || judge(route.access, { role, isOperator: false, scopes: undefined }) === "allowed";
        if (isEnvironmentWrite(route)) {
          expect([role, answer.status, answer.body.error.code]).toEqual([role, 403, "ENVIRONMENT_SYSTEM_OWNED"]);
        } else if (allowed) {
          expect([role, answer.status]).toEqual([role, ok]);
        } else {
          expect([role, answer.status, answer.body.error.code]).toEqual([role, 403, "ACCESS_DENIED"]);
        }
      }
    });

    it("a service account gets what the table says for its role, and never acts as a person (R7)", async () => {
      for (const role of accountRoles) {
        const answer = await ask(route, keys[`account ${role}`]);
        const allowed =
          !isPermission(route) || judge(route.access, { role, isOperator: false, scopes: undefined }) === "allowed";
        const expected = !allowed || isEnvironmentWrite(route) ? 403 : (others.account ?? ok);
        expect([role, answer.status]).toEqual([role, expected]);
      }
    });

    it("the operator sees what a viewer sees in any organization, and does what is the operator's", async () => {
      const answer = await ask(route, keys.operator, { "X-Onvera-Organization": organizationId });
      const allowed =
        !isPermission(route) ||
        judge(route.access, { role: "viewer", isOperator: true, scopes: undefined }) === "allowed";
      expect(answer.status).toBe(allowed ? (others.operator ?? ok) : 403);
    });

    it("another organization's owner gets 404 for what is not theirs, never 403 (ON-08)", async () => {
      const answer = await ask(route, keys.stranger);
      if (isPermission(route) && permissions[route.access].role === "operator") expect(answer.status).toBe(403);
      else if (isEnvironmentWrite(route)) expect(answer.status).toBe(403);
      else if (foreign(route)) expect(answer.status).toBe(404);
      else expect(answer.status).toBe(others.stranger ?? ok);
      const chosen = await ask(route, keys.stranger, { "X-Onvera-Organization": organizationId });
      expect([chosen.status, chosen.body.error.code]).toEqual([404, "ORGANIZATION_NOT_FOUND"]);
    });

    if (isPermission(route)) {
      it("a key with every scope but the one it needs gets 403 INSUFFICIENT_SCOPE", async () => {
        const { scope } = permissions[route.access];
        const others = scopes.filter((other): other is Scope => other !== scope);
        const { key } = await server.addKey({ organizationId, userId: owner, scopes: others });
        const account = await server.addServiceAccount(ownerKey, { role: "admin", scopes: others });
        for (const wrong of [key, account.key]) {
          const answer = await ask(route, wrong);
          expect([answer.status, answer.body.error.message]).toEqual([403, `Insufficient scope. Required: ${scope}`]);
        }
        await server.call("DELETE", `/api/v1/service-accounts/${account.id}`, { key: ownerKey });
      });
    }
  },
);
