/** An organization with everybody in it, and every declared route asked as one of them. */
import { projectRoles } from "../../../src/domain/membership.ts";
import { type Role, roles } from "../../../src/domain/permissions.ts";
import type { DeclaredRoute } from "../../../src/server/contracts/registry.ts";
import { type Answer, startTestServer, type TestServer } from "../../support/http.ts";
import { newCluster } from "../../support/kubernetes-access.ts";
import { addSession } from "../../support/session-row.ts";
import { addWorker, finish } from "../../support/worker-hand.ts";
import { requests } from "./requests.ts";

const PASSWORD = "quiet harbour at night";

/** What a request says of who sends it: a key, an access token, or a browser's cookie. */
export type Credential = { key?: string; token?: string; cookie?: string };

type KeyHolder = Role | "operator" | "stranger" | "expired" | "revoked" | `account ${Role}`;

export interface MatrixWorld {
  server: TestServer;
  organizationId: string;
  projectId: string;
  workerId: string;
  owner: string;
  ownerKey: string;
  keys: Readonly<Record<KeyHolder, string>>;
  /** Of people who signed in with their password. */
  sessions: Readonly<Record<Role | "ended", SignedIn>>;
}

interface SignedIn {
  token: string;
  /** As a browser sends it along. */
  cookie: string;
}

let unique = 0;

/** Starts a server with an organization of every kind of caller, and with another one. */
export async function startMatrixWorld(): Promise<MatrixWorld> {
  const server = await startTestServer({
    privateClusterHosts: ["127.0.0.1"],
    limits: { perCaller: 100_000, perAddress: 100_000, failuresPerAddress: 100_000, signInsPerPersonAndAddress: 1000 },
  });
  const { organizationId, owner, ownerKey } = await server.addOrganization();
  const projectId = (await server.call("GET", "/api/v1/projects", { key: ownerKey })).body.data.items[0].id;
  const keys: Record<string, string> = {};
  for (const role of roles) keys[role] = await newMemberKey({ server, organizationId }, role);
  for (const role of projectRoles) keys[`account ${role}`] = (await server.addServiceAccount(ownerKey, { role })).key;
  const elsewhere = await server.addOrganization();
  keys.stranger = elsewhere.ownerKey;
  const operator = await server.addUser({ organizationId: elsewhere.organizationId, role: "viewer", isOperator: true });
  keys.operator = (await server.addKey({ organizationId: elsewhere.organizationId, userId: operator.userId })).key;
  keys.expired = (await server.addKey({ organizationId, userId: owner, expiresAt: new Date(0) })).key;
  const revoked = await server.addKey({ organizationId, userId: owner });
  await server.call("DELETE", `/api/v1/api-keys/${revoked.id}`, { key: ownerKey });
  keys.revoked = revoked.key;
  const sessions: Record<string, SignedIn> = {};
  for (const role of [...roles, "ended"] as const) {
    sessions[role] = await signInAnew({ server, organizationId }, role === "ended" ? "owner" : role);
  }
  await server.call("POST", "/api/v1/auth/logout", { token: sessions.ended?.token ?? "" });
  return {
    server,
    organizationId,
    projectId,
    workerId: await addWorker(server.store),
    owner,
    ownerKey,
    keys: keys as MatrixWorld["keys"],
    sessions: sessions as MatrixWorld["sessions"],
  };
}

type Place = Pick<MatrixWorld, "server" | "organizationId">;

/** Makes a member with a key of their own. */
export async function newMemberKey({ server, organizationId }: Place, role: Role): Promise<string> {
  const { userId } = await server.addUser({ organizationId, role });
  return (await server.addKey({ organizationId, userId })).key;
}

/** Makes a member and signs them in with their password, as a browser does. */
export async function signInAnew({ server, organizationId }: Place, role: Role): Promise<SignedIn> {
  const { email } = await server.addUser({ organizationId, role, password: PASSWORD });
  const answer = await server.call("POST", "/api/v1/auth/login", {
    body: { email, password: PASSWORD, cookie: true },
    headers: { "Sec-Fetch-Site": "same-origin" },
  });
  const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
  if (answer.status !== 200 || cookie === undefined) throw new Error(`Signing in: ${JSON.stringify(answer.body)}`);
  return { token: answer.body.data.access_token, cookie };
}

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

/** Something fresh to act on, owned by the asker where that matters. */
async function fixture(world: MatrixWorld, route: DeclaredRoute, asker: Credential): Promise<Fixture> {
  const { server, organizationId, owner, ownerKey } = world;
  const request = requests[route.operationId];
  const body = request?.dags
    ? { app_type: "airflow", airflow: { dags: { url: "https://example.test/dags.git" } } }
    : { app_type: "superset" };
  const { id, operationId } = await server.deploy(ownerKey, body, { ready: route.operationId !== "cancelOperation" });
  if (request?.stopped) {
    const stop = await server.call("POST", `/api/v1/deployments/${id}/stop`, { key: ownerKey });
    await finish(server.store, stop.body.data.operation_id);
  }
  const me = (await server.call("GET", "/api/v1/whoami", { ...asker })).body.data?.user?.id;
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
async function webhook({ server, ownerKey }: MatrixWorld): Promise<{ webhookId: string; deliveryId: string }> {
  const call = (method: string, address: string, body?: object) =>
    server.call(method, `/api/v1/webhooks${address}`, { key: ownerKey, ...(body && { body }) });
  for (const { id } of (await call("GET", "")).body.data.items) await call("DELETE", `/${id}`);
  const made = await call("POST", "", { url: "https://hooks.example.test/x" });
  const tested = await call("POST", `/${made.body.data.id}/test`);
  return { webhookId: made.body.data.id, deliveryId: tested.body.data.id };
}

async function ownCluster({ server, ownerKey }: MatrixWorld): Promise<string> {
  const body = newCluster({ name: `c${unique++}` });
  return (await server.call("POST", "/api/v1/clusters", { key: ownerKey, body })).body.data.id;
}

/**
 * Asks the route, with all that it acts on there to be acted on.
 * @param inOrganization the organization the request chooses by header, if any
 */
export async function ask(
  world: MatrixWorld,
  route: DeclaredRoute,
  credential: Credential,
  inOrganization?: string,
): Promise<Answer> {
  const { server, organizationId, projectId, workerId } = world;
  const needsFixture = /\{(deployment|operation|api_key|session|login|user|invitation|service_account)_id\}/.test(
    route.path,
  );
  const made = needsFixture ? await fixture(world, route, credential) : nothing;
  const hook = route.path.includes("{webhook_id}") ? await webhook(world) : { webhookId: "", deliveryId: "" };
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
    .replace("{cluster_id}", route.method === "GET" ? server.clusterId : await ownCluster(world))
    .replace("{worker_id}", workerId)
    .replace("{environment_id}", "env_default");
  const { query = "", stream = false } = requests[route.operationId] ?? {};
  let body = requests[route.operationId]?.body;
  if (/^create(Organization|Environment|Project)$/.test(route.operationId))
    body = { ...(body as object), slug: `s${unique++}` };
  if (route.operationId === "createCluster") body = newCluster({ name: `c${unique++}` });
  const { cookie, ...identity } = credential;
  return server.call(route.method, `${path}${query}`, {
    ...identity,
    headers: {
      ...(cookie !== undefined && { Cookie: cookie }),
      ...(inOrganization !== undefined && { "X-Onvera-Organization": inOrganization }),
    },
    stream,
    ...(body === undefined ? {} : { body }),
  });
}
