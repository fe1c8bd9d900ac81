/** What an app in pods is told of Onvera, from real rows. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadDeployment, loadRevision } from "../../src/automation/worker/context.ts";
import { parseId } from "../../src/domain/ids.ts";
import { writeSignInAddress } from "../../src/store/sign-in-address.ts";
import { startTestServer, type TestServer } from "../support/http.ts";
import { newCluster } from "../support/kubernetes-access.ts";

let server: TestServer;
let key: string;
let environment_id: string;

beforeAll(async () => {
  server = await startTestServer({ privateClusterHosts: ["127.0.0.1"] });
  const { organizationId } = await server.addOrganization();
  const { userId } = await server.addUser({ organizationId, role: "owner", isOperator: true });
  ({ key } = await server.addKey({ organizationId, userId }));
  const cluster = await server.call("POST", "/api/v1/clusters", { key, body: newCluster({ name: "pods" }) });
  const body = { name: "Pods", cluster_id: cluster.body.data.id };
  environment_id = (await server.call("POST", "/api/v1/environments", { key, body })).body.data.id;
});
afterAll(() => server.close());

const airflow = (more: object) =>
  server.call("POST", "/api/v1/deployments", { key, body: { app_type: "airflow", ...more } });

/** What a worker would deploy. */
const workloadOf = (id: string) =>
  server.store.asPlatform(async (db) => {
    const { identity } = await loadDeployment(db, parseId("deployment", id) ?? "");
    return (await loadRevision(db, server.deps.dataKeys, identity, 1)).workload;
  });

it("an app in pods is told to reach Onvera where browsers do, one on this machine by loopback (ON-16)", async () => {
  const address = { issuer: "https://onvera.example.com/oidc", internal: "http://127.0.0.1:7600/oidc" };
  await server.store.asPlatform((db) => writeSignInAddress(db, address));
  const internalOf = async (more: object) => {
    const workload = await workloadOf((await airflow(more)).body.data.deployment_id);
    const file = workload?.files.find(({ path }) => path === "sign-in.json");
    return JSON.parse(file?.content ?? "{}").internal;
  };
  expect(await internalOf({ environment_id })).toBe(address.issuer);
  expect(await internalOf({})).toBe(address.internal);
});
