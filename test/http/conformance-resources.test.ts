/** The seven documented endpoints, their fields and samples: one test per documented fact. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { begin, finish, progress } from "../support/worker-hand.ts";

let server: TestServer;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const get = (path: string) => server.call("GET", `/api/v1${path}`, { key });

describe("POST /api/v1/deployments", () => {
  it("takes the documented sample as it is written and answers 202", async () => {
    const answer = await server.call("POST", "/api/v1/deployments", {
      key,
      raw: { text: '{"app_type": "superset", "name": "My Superset"}', type: "application/json" },
    });
    expect(answer.status).toBe(202);
    const { data } = answer.body;
    expect(Object.keys(data).sort()).toEqual(["deployment_id", "links", "operation_id"]);
    expect(data.links.deployment).toBe(`/api/v1/deployments/${data.deployment_id}`);
    expect(data.links.operation).toBe(`/api/v1/operations/${data.operation_id}`);
  });

  it("app_type is airflow or superset", async () => {
    for (const app of ["airflow", "superset"]) {
      expect((await server.call("POST", "/api/v1/deployments", { key, body: { app_type: app } })).status).toBe(202);
    }
  });

  it("another app_type is INVALID_REQUEST with the documented words", async () => {
    const answer = await server.call("POST", "/api/v1/deployments", { key, body: { app_type: "mysql" } });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({
      code: "INVALID_REQUEST",
      message: "Invalid app_type. Must be 'airflow' or 'superset'",
    });
  });

  it("name is optional and made up when omitted", async () => {
    const { id } = await server.deploy(key, {});
    expect((await get(`/deployments/${id}`)).body.data.name).not.toBe("");
  });
});

describe("GET /api/v1/deployments", () => {
  it("items have id, name, app_type, status, url, environment_id, created_at and links{self, operation}", async () => {
    const { id } = await server.deploy(key, { name: "listed" });
    const answer = await get("/deployments?page=1&per_page=50");
    const item = answer.body.data.items.find((entry: { id: string }) => entry.id === id);
    expect(item).toMatchObject({
      id,
      name: "listed",
      app_type: "superset",
      status: "ready",
      environment_id: "env_default",
    });
    for (const field of ["url", "created_at"]) expect(item).toHaveProperty(field);
    expect(item.links).toMatchObject({ self: `/api/v1/deployments/${id}`, operation: null });
  });
});

describe("GET /api/v1/deployments/{deployment_id}", () => {
  it("has the shape of a list item, and the organization (ON-43)", async () => {
    const { id } = await server.deploy(key);
    const single = (await get(`/deployments/${id}`)).body.data;
    const listed = (await get("/deployments")).body.data.items.find((entry: { id: string }) => entry.id === id);
    expect(Object.keys(single).sort()).toEqual(Object.keys(listed).sort());
    expect(single.organization_id).toMatch(/^org_/);
  });

  it("accepts dep_<uuid> and the bare uuid, and both links resolve", async () => {
    const { id } = await server.deploy(key);
    for (const form of [id, id.replace("dep_", "")]) {
      const { body } = await get(`/deployments/${form}`);
      expect(body.data.id).toBe(id);
      expect((await server.call("GET", body.data.links.self, { key })).status).toBe(200);
    }
  });

  it("status is one of the five documented words", async () => {
    const { id } = await server.deploy(key);
    expect(["provisioning", "ready", "destroying", "failed", "destroyed"]).toContain(
      (await get(`/deployments/${id}`)).body.data.status,
    );
  });

  it("an id that is no id, or nobody's, is DEPLOYMENT_NOT_FOUND with the documented words", async () => {
    for (const id of [
      "none",
      "dep_123",
      "550e8400-e29b-41d4-a716-446655440000",
      "op_550e8400-e29b-41d4-a716-446655440000",
    ]) {
      const answer = await get(`/deployments/${id}`);
      expect(answer.status).toBe(404);
      expect(answer.body.error).toMatchObject({ code: "DEPLOYMENT_NOT_FOUND", message: "Deployment not found" });
    }
  });
});

describe("DELETE /api/v1/deployments/{deployment_id}", () => {
  it("is asynchronous: 202 with the operation's id and both links", async () => {
    const { id } = await server.deploy(key);
    const answer = await server.call("DELETE", `/api/v1/deployments/${id}`, { key });
    expect(answer.status).toBe(202);
    const { operation_id: operationId } = answer.body.data;
    expect(answer.body.data).toMatchObject({
      deployment_id: id,
      links: { deployment: `/api/v1/deployments/${id}`, operation: `/api/v1/operations/${operationId}` },
    });
    expect((await get(`/operations/${operationId}`)).body.data.type).toBe("deployment.destroy");
  });

  it("a second one is 409 RESOURCE_CONFLICT with the documented words", async () => {
    const { id } = await server.deploy(key);
    await server.call("DELETE", `/api/v1/deployments/${id}`, { key });
    const answer = await server.call("DELETE", `/api/v1/deployments/${id}`, { key });
    expect(answer.status).toBe(409);
    expect(answer.body.error).toMatchObject({
      code: "RESOURCE_CONFLICT",
      message: "Deployment is already being destroyed",
    });
  });
});

describe("GET /api/v1/operations", () => {
  it("filters by status, type and resource_id, with the same paging defaults", async () => {
    const { id, operationId } = await server.deploy(key);
    const { data } = (await get(`/operations?resource_id=${id}&type=deployment.create&status=succeeded`)).body;
    expect(data.items.map((item: { id: string }) => item.id)).toEqual([operationId]);
    expect(data.pagination).toMatchObject({ page: 1, per_page: 50, total: 1, pages: 1 });
    expect((await get(`/operations?resource_id=${id}&status=failed`)).body.data.items).toEqual([]);
    expect((await get(`/operations?resource_id=${id}&type=deployment.destroy`)).body.data.items).toEqual([]);
  });

  it("status takes exactly the five documented words", async () => {
    for (const status of ["queued", "running", "succeeded", "failed", "canceled"]) {
      expect((await get(`/operations?status=${status}`)).status).toBe(200);
    }
    const answer = await get("/operations?status=cancelled");
    expect([answer.status, answer.body.error.code]).toEqual([400, "INVALID_REQUEST"]);
  });
});

describe("GET /api/v1/operations/{operation_id}", () => {
  it("has id, type, status, progress{phase, message}, the linked resource and three timestamps (ON-14, ON-15)", async () => {
    const { id, operationId } = await server.deploy(key, {}, { ready: false });
    const queued = (await get(`/operations/${operationId}`)).body.data;
    expect(queued).toMatchObject({
      id: operationId,
      type: "deployment.create",
      status: "queued",
      progress: { phase: "initializing" },
      resource_type: "deployment",
      resource_id: id,
      started_at: null,
      ended_at: null,
      error: null,
      links: { self: `/api/v1/operations/${operationId}`, resource: `/api/v1/deployments/${id}` },
    });
    await begin(server.store, operationId);
    await progress(server.store, operationId, "provisioning_db", "Provisioning database");
    const running = (await get(`/operations/${operationId}`)).body.data;
    expect(running).toMatchObject({
      status: "running",
      progress: { phase: "provisioning_db", message: "Provisioning database" },
    });
    expect(running.started_at).not.toBeNull();
    await finish(server.store, operationId);
    const ended = (await get(`/operations/${operationId}`)).body.data;
    expect(ended.status).toBe("succeeded");
    expect(ended.ended_at).not.toBeNull();
  });

  it("accepts op_<uuid> and the bare uuid", async () => {
    const { operationId } = await server.deploy(key);
    expect((await get(`/operations/${operationId.replace("op_", "")}`)).body.data.id).toBe(operationId);
  });

  it("an unknown id is OPERATION_NOT_FOUND", async () => {
    const answer = await get("/operations/op_660e8400-e29b-41d4-a716-446655440001");
    expect([answer.status, answer.body.error.code]).toEqual([404, "OPERATION_NOT_FOUND"]);
  });

  it("a failed one carries error{code, message}", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    await finish(server.store, operationId, {
      error: {
        code: "BOOTSTRAP_FAILED",
        message: "It broke.",
        cause: "platform",
        retryable: false,
        owner: "platform",
        next_step: "Ask.",
      },
    });
    const { data } = (await get(`/operations/${operationId}`)).body;
    expect(data).toMatchObject({ status: "failed", error: { code: "BOOTSTRAP_FAILED", message: "It broke." } });
  });

  it("advises the poll pace of 2 seconds while it is not over, as the documented script polls", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    expect((await get(`/operations/${operationId}`)).headers.get("retry-after")).toBe("2");
    await finish(server.store, operationId);
    expect((await get(`/operations/${operationId}`)).headers.get("retry-after")).toBeNull();
  });
});

describe("GET /api/v1/environments", () => {
  it("gives the default environment as in the sample, without pagination", async () => {
    const { data } = (await get("/environments")).body;
    expect(Object.keys(data)).toEqual(["items"]);
    expect(data.items).toHaveLength(1);
    expect(data.items[0]).toMatchObject({ id: "env_default", name: "Default", slug: "default" });
    expect(data.items[0].created_at).toMatch(/Z$/);
  });
});
