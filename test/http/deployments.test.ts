import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
let organizationId: string;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId, ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const create = (body: unknown, headers: Record<string, string> = {}) =>
  server.call("POST", "/api/v1/deployments", { key, body, headers });

describe("create", () => {
  it("answers 202 with the ids, and one operation exists before any work (ON-12, ON-40, ON-42)", async () => {
    const answer = await create({ app_type: "superset", name: "My Superset" });
    expect(answer.status).toBe(202);
    const { deployment_id: id, operation_id: operationId, links } = answer.body.data;
    expect(id).toMatch(/^dep_[0-9a-f-]{36}$/);
    expect(operationId).toMatch(/^op_[0-9a-f-]{36}$/);
    expect(links).toEqual({
      deployment: `/api/v1/deployments/${id}`,
      operation: `/api/v1/operations/${operationId}`,
    });
    expect(answer.headers.get("location")).toBe(links.operation);
    const operation = await server.call("GET", links.operation, { key });
    expect(operation.body.data).toMatchObject({
      type: "deployment.create",
      status: "queued",
      resource_type: "deployment",
      resource_id: id,
    });
    const deployment = await server.call("GET", links.deployment, { key });
    expect(deployment.body.data).toMatchObject({
      id,
      name: "My Superset",
      app_type: "superset",
      status: "provisioning",
      url: null,
      environment_id: "env_default",
      organization_id: organizationId,
      links: { self: links.deployment, operation: links.operation },
    });
  });
});
