/** The documented base, envelope, links, lists and timestamps: one test per documented fact. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { begin } from "../support/worker-hand.ts";

let server: TestServer;
let key: string;
let deployments: string[];

beforeAll(async () => {
  server = await startTestServer();
  ({ ownerKey: key } = await server.addOrganization());
  deployments = [];
  for (let n = 0; n < 7; n++)
    deployments.unshift((await server.deploy(key, { name: `n${n}` }, { ready: n % 2 === 0 })).id);
});
afterAll(() => server.close());

const get = (path: string) => server.call("GET", path, { key });
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

describe("base and versioning", () => {
  it("the documented short form /v1/… leads to /api/v1/… and keeps method, body and query", async () => {
    const answer = await server.call("POST", "/v1/deployments?x=1", { key, body: { app_type: "superset" } });
    expect([answer.status, answer.headers.get("location")]).toEqual([308, "/api/v1/deployments?x=1"]);
  });

  it("fields are in snake_case throughout", async () => {
    const paths = [
      "/deployments",
      `/deployments/${deployments[0]}`,
      "/operations",
      "/environments",
      "/whoami",
      "/apps",
    ];
    const names = new Set<string>();
    const collect = (value: unknown): void => {
      if (Array.isArray(value)) for (const entry of value) collect(entry);
      else if (typeof value === "object" && value !== null) {
        for (const [name, child] of Object.entries(value)) {
          names.add(name);
          collect(child);
        }
      }
    };
    for (const path of paths) collect((await get(`/api/v1${path}`)).body);
    expect([...names].filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
  });
});

describe("envelope", () => {
  it("success is {data: …} and nothing beside it", async () => {
    for (const path of ["/deployments", `/deployments/${deployments[0]}`, "/operations", "/environments", "/whoami"]) {
      expect(Object.keys((await get(`/api/v1${path}`)).body)).toEqual(["data"]);
    }
  });

  it("an error is {error: {code, message}} with operation_id only where an operation is involved", async () => {
    const plain = await get("/api/v1/deployments/none");
    expect(plain.body.error).toMatchObject({ code: "DEPLOYMENT_NOT_FOUND", message: "Deployment not found" });
    expect(plain.body.error).not.toHaveProperty("operation_id");
    const { id, operationId } = await server.deploy(key, {}, { ready: false });
    const busy = await server.call("POST", `/api/v1/deployments/${id}/stop`, { key });
    expect(busy.body.error.operation_id).toBe(operationId);
  });

  it("an error is at the same time an RFC 9457 problem", async () => {
    const { headers, body, status } = await get("/api/v1/deployments/none");
    expect(headers.get("content-type")).toBe("application/problem+json");
    expect(body).toMatchObject({ status, title: "Deployment not found", detail: "Deployment not found" });
    expect(body.type).toBe("/docs/errors#DEPLOYMENT_NOT_FOUND");
    expect(body.instance).toBe(headers.get("x-request-id"));
    expect(body.error).toMatchObject({ request_id: body.instance, retryable: false, fields: [] });
  });

  it("timestamps are ISO 8601 in UTC with whole seconds and Z", async () => {
    await begin(server.store, (await get("/api/v1/operations?status=queued")).body.data.items[0].id);
    const seen: string[] = [];
    const collect = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      for (const [name, child] of Object.entries(value)) {
        if (name.endsWith("_at") && child !== null) seen.push(String(child));
        collect(child);
      }
    };
    for (const path of ["/deployments", "/operations", "/environments", "/api-keys", "/audit"]) {
      collect((await get(`/api/v1${path}`)).body);
    }
    expect(seen.length).toBeGreaterThan(20);
    expect(seen.filter((text) => !TIMESTAMP.test(text))).toEqual([]);
  });
});

describe("links", () => {
  it("are host-relative paths that start with /api/v1/, or null, and resolve", async () => {
    const { links } = (await get(`/api/v1/deployments/${deployments[0]}`)).body.data;
    const targets = Object.values(links).filter((link) => link !== null) as string[];
    expect(targets.length).toBeGreaterThan(2);
    for (const target of targets) {
      expect(target).toMatch(/^\/api\/v1\//);
      expect((await get(target)).status).toBe(200);
    }
  });

  it("links.operation of a deployment is null when no operation is current, else leads to it", async () => {
    const items = (await get("/api/v1/deployments?per_page=100")).body.data.items;
    for (const item of items) {
      const expected = item.current_operation_id ? `/api/v1/operations/${item.current_operation_id}` : null;
      expect(item.links.operation).toBe(expected);
      expect(item.links.self).toBe(`/api/v1/deployments/${item.id}`);
    }
    expect(new Set(items.map((item: { links: { operation: unknown } }) => item.links.operation === null)).size).toBe(2);
  });
});

describe("lists", () => {
  it("hold items and pagination {page, per_page, total, pages}, all integers", async () => {
    const { data } = (await get("/api/v1/deployments?page=2&per_page=3")).body;
    expect(data.items).toHaveLength(3);
    expect(data.pagination).toMatchObject({ page: 2, per_page: 3, total: 8, pages: 3 });
  });

  it("page counts from 1 and defaults to 1; per_page defaults to 50", async () => {
    expect((await get("/api/v1/deployments")).body.data.pagination).toMatchObject({ page: 1, per_page: 50 });
    expect((await get("/api/v1/operations")).body.data.pagination).toMatchObject({ page: 1, per_page: 50 });
  });

  it("per_page is at most 100", async () => {
    expect((await get("/api/v1/deployments?per_page=100")).status).toBe(200);
    const answer = await get("/api/v1/deployments?per_page=101");
    expect([answer.status, answer.body.error.code]).toEqual([400, "INVALID_REQUEST"]);
    expect(answer.body.error.fields[0].pointer).toBe("?per_page");
  });

  it("a page after the last one is empty", async () => {
    const { data } = (await get("/api/v1/deployments?page=999")).body;
    expect(data.items).toEqual([]);
    expect(data.pagination.pages).toBe(1);
  });

  it("pages together hold every deployment once, newest first", async () => {
    const ids: string[] = [];
    for (let page = 1; page <= 3; page++) {
      const { data } = (await get(`/api/v1/deployments?page=${page}&per_page=3`)).body;
      ids.push(...data.items.map((item: { id: string }) => item.id));
    }
    expect(ids.filter((id) => deployments.includes(id))).toEqual(deployments);
    expect(new Set(ids).size).toBe(8);
  });

  it("cursors walk the same list, and stay steady while entries are added", async () => {
    const before = (await get("/api/v1/deployments?per_page=100")).body.data.items.map(
      (item: { id: string }) => item.id,
    );
    const walked: string[] = [];
    let cursor = "";
    do {
      const { data } = (await get(`/api/v1/deployments?per_page=3${cursor && `&cursor=${cursor}`}`)).body;
      walked.push(...data.items.map((item: { id: string }) => item.id));
      cursor = data.pagination.next_cursor ?? "";
      await server.deploy(key, {}, { ready: false });
    } while (cursor);
    expect(walked).toEqual(before);
  });

  it("a cursor is refused with other filters, and so is one that is made up", async () => {
    const { next_cursor: cursor } = (await get("/api/v1/deployments?per_page=1")).body.data.pagination;
    expect((await get(`/api/v1/deployments?per_page=1&status=ready&cursor=${cursor}`)).status).toBe(400);
    expect((await get("/api/v1/deployments?cursor=abc")).status).toBe(400);
    expect((await get(`/api/v1/operations?cursor=${cursor}`)).status).toBe(400);
  });
});
