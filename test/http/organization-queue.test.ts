/** How much an organization may have in the queue: seen by its members, set by the operator, told to whoever goes past it (NH-15). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { begin } from "../support/worker-hand.ts";

let server: TestServer;
let operator: string;

beforeAll(async () => {
  server = await startTestServer();
  const { organizationId } = await server.addOrganization();
  const { userId } = await server.addUser({ organizationId, role: "viewer", isOperator: true });
  operator = (await server.addKey({ organizationId, userId })).key;
});
afterAll(() => server.close());

const queueOf = (organizationId: string) => `/api/v1/organizations/${organizationId}/queue`;
const limit = (organizationId: string, body: Record<string, number | null>) =>
  server.call("PATCH", queueOf(organizationId), { key: operator, body });
const seen = async (organizationId: string, key: string) =>
  (await server.call("GET", queueOf(organizationId), { key })).body.data;

describe("an organization's queue", () => {
  it("shows what runs and waits, with the limits in force; a limit that is left out stays, null is the default", async () => {
    const { organizationId, ownerKey } = await server.addOrganization();
    const first = await server.deploy(ownerKey, {}, { ready: false });
    await server.deploy(ownerKey, {}, { ready: false });
    await begin(server.store, first.operationId);
    const [defaults, counts] = [
      { running_limit: 32, queued_limit: 1000 },
      { running: 1, queued: 1 },
    ];
    expect(await seen(organizationId, ownerKey)).toEqual({ ...counts, ...defaults, is_default: true });
    await limit(organizationId, { running_limit: 2 });
    await limit(organizationId, { queued_limit: 3 });
    const own = { running_limit: 2, queued_limit: 3, is_default: false };
    expect(await seen(organizationId, ownerKey)).toEqual({ ...counts, ...own });
    expect((await limit(organizationId, { running_limit: null, queued_limit: null })).body.data).toMatchObject(
      defaults,
    );
  });

  it("refuses what goes past it with 429, a problem that says what to do and when; another organization feels nothing", async () => {
    const { organizationId, ownerKey: key } = await server.addOrganization();
    const other = await server.addOrganization();
    await limit(organizationId, { queued_limit: 1 });
    const deploy = (by: string) =>
      server.call("POST", "/api/v1/deployments", { key: by, body: { app_type: "superset" } });
    expect((await deploy(key)).status).toBe(202);
    const refused = await deploy(key);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("content-type")).toContain("application/problem+json");
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(refused.body.error).toMatchObject({ code: "QUEUE_FULL", retryable: true });
    expect(refused.body.error.message).toContain("Send the request again when some of them have run");
    expect((await deploy(other.ownerKey)).status).toBe(202);
  });

  it("takes no limit below one, and records who set it", async () => {
    const { organizationId, ownerKey } = await server.addOrganization();
    expect((await limit(organizationId, { running_limit: 0 })).status).toBe(400);
    await limit(organizationId, { running_limit: 4 });
    const audit = await server.call("GET", "/api/v1/audit?action=organization.limit", { key: ownerKey });
    expect(audit.body.data.items).toMatchObject([{ target_id: organizationId, change: { running_limit: 4 } }]);
  });
});
