/** Other credentials for a registered cluster: tried, sealed, and taken by who waits with the old ones (issue 5, QV-03, R8). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openKubernetesPlaces } from "../../src/main/kubernetes-places.ts";
import { readClusterPlace } from "../../src/store/cluster-place.ts";
import { type Answer, startTestServer, type TestServer } from "../support/http.ts";
import { kubeconfig, newCluster, type StandInServer, standInServer } from "../support/kubernetes-access.ts";

let server: TestServer;
let organizationId: string;
let key: string;
let operatorKey: string;
/** Stands for the API server: it knows one token, and says which cluster it is. */
let apiServer: StandInServer;
let goodToken = "token-1";
let identity = "uid-1";

beforeAll(async () => {
  server = await startTestServer({ privateClusterHosts: ["127.0.0.1", "localhost"] });
  ({ organizationId, ownerKey: key } = await server.addOrganization());
  const { userId } = await server.addUser({ organizationId, role: "viewer", isOperator: true });
  operatorKey = (await server.addKey({ organizationId, userId })).key;
  apiServer = await standInServer((request, response) => {
    const isKnown = request.headers.authorization === `Bearer ${goodToken}`;
    response.writeHead(isKnown ? 200 : 401, { "content-type": "application/json" });
    response.end(JSON.stringify(isKnown ? { metadata: { name: "kube-system", uid: identity } } : { message: "no" }));
  });
});
afterAll(async () => {
  await server?.close();
  await apiServer?.close();
});

const clusters = (method: string, who: string, address = "", body?: object): Promise<Answer> =>
  server.call(method, `/api/v1/clusters${address}`, { key: who, ...(body && { body }) });
const withToken = (token: string) => kubeconfig({ server: apiServer.server, user: { token } });
const update = (id: string, body: object, who = key) => clusters("PATCH", who, `/${id}`, body);

async function registered(name: string, wanted: Record<string, unknown> = {}): Promise<string> {
  const body = newCluster({ name, kubeconfig: withToken("token-1"), ...wanted });
  const answer = await clusters("POST", wanted.shared ? operatorKey : key, "", body);
  expect([answer.status, answer.body.error]).toEqual([201, undefined]);
  return answer.body.data.id;
}

async function accessOf(id: string): Promise<object> {
  const body = { name: `On ${id}`, cluster_id: id };
  const { body: made } = await server.call("POST", "/api/v1/environments", { key: operatorKey, body });
  const environmentId = made.data.id;
  return (await server.store.asPlatform((db) => readClusterPlace(db, server.deps.dataKeys, { environmentId }))).access;
}

describe("other credentials of a cluster (QV-03, R8)", () => {
  it("take the place of the old ones once they were tried, without being shown; the old report goes", async () => {
    const id = await registered("rotated");
    goodToken = "token-2";
    const answer = await update(id, { kubeconfig: withToken("token-2") });
    expect([answer.status, answer.body.data?.check]).toEqual([200, null]);
    expect(JSON.stringify(answer.body)).not.toContain("token-2");
    expect(await accessOf(id)).toMatchObject({ token: "token-2" });
    const { items } = (await server.call("GET", "/api/v1/audit", { key })).body.data;
    const entry = items.find(({ action }: { action: string }) => action === "cluster.update");
    expect(entry).toMatchObject({ target_id: id, change: { fields: ["kubeconfig"], credentials: "token" } });
  });

  it("that do not work change nothing, and say why", async () => {
    goodToken = "token-1";
    const id = await registered("kept");
    const wrong = await update(id, { kubeconfig: withToken("stale") });
    expect([wrong.status, wrong.body.error.message]).toEqual([409, expect.stringMatching(/not valid.*Nothing was/)]);
    const away = await update(id, { kubeconfig: kubeconfig() });
    expect([away.status, away.body.error.message]).toEqual([409, expect.stringMatching(/nothing listens/)]);
    expect((await update(id, {})).status).toBe(400);
    expect((await update(id, { kubeconfig: kubeconfig({ user: { exec: {} } }) })).status).toBe(400);
    expect(await accessOf(id)).toMatchObject({ token: "token-1" });
  });

  it("must lead to the cluster that was registered: another one at its address is refused", async () => {
    const id = await registered("pinned");
    expect((await update(id, { kubeconfig: withToken("token-1") })).status).toBe(200);
    identity = "uid-2";
    const other = await update(id, { kubeconfig: withToken("token-1") });
    identity = "uid-1";
    expect([other.status, other.body.error.message]).toEqual([409, expect.stringMatching(/another cluster/)]);
  });

  it("of the database server lead to the same server, where they are tried", async () => {
    const url = new URL(server.superuserConnectionString);
    const id = await registered("database", { database_url: url.href });
    const elsewhere = await update(id, { database_url: "postgresql://a:b@127.0.0.1:1/postgres" });
    expect([elsewhere.status, elsewhere.body.error.message]).toEqual([409, expect.stringMatching(/another server/)]);
    const stranger = new URL(url);
    stranger.username = "nobody-there";
    const refused = await update(id, { database_url: stranger.href });
    expect([refused.status, refused.body.error.message]).toEqual([409, expect.stringMatching(/cannot use/)]);
    expect((await update(id, { database_url: url.href })).status).toBe(200);
  });

  it("are the owner's to give, and the operator's for a cluster that all share", async () => {
    const id = await registered("everybody's", { shared: true });
    expect((await update(id, { kubeconfig: withToken("token-1") })).status).toBe(403);
    expect((await update(id, { kubeconfig: withToken("token-1") }, operatorKey)).status).toBe(200);
    const stranger = (await server.addOrganization()).ownerKey;
    const own = await registered("own");
    expect((await update(own, { kubeconfig: withToken("token-1") }, stranger)).status).toBe(404);
  });

  it("are taken by whoever waits for the cluster with the old ones", async () => {
    const id = await registered("waited for");
    const body = { name: "Waiting", cluster_id: id };
    const { body: made } = await server.call("POST", "/api/v1/environments", { key: operatorKey, body });
    const { client } = await openKubernetesPlaces({ store: server.store, dataKeys: server.deps.dataKeys })(
      made.data.id,
    );
    const ask = () => client.raw("answer", { path: "/api/v1/namespaces/kube-system" });
    await ask();
    goodToken = "token-3";
    await expect(ask()).rejects.toMatchObject({ reason: "unauthorized" });
    expect((await update(id, { kubeconfig: withToken("token-3") })).status).toBe(200);
    await ask();
    client.close();
  });
});
