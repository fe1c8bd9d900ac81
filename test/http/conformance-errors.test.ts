/** The documented table of error codes, scopes and keys: one test per documented fact. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { errorCatalogue } from "../../src/domain/errors.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
let organizationId: string;
let owner: string;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId, owner, ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const list = (as: { key?: string; token?: string }) => server.call("GET", "/api/v1/deployments", as);

describe("codes", () => {
  it.each([
    [400, "INVALID_REQUEST"],
    [400, "VALIDATION_ERROR"],
    [401, "INVALID_API_KEY"],
    [401, "MISSING_API_KEY"],
    [401, "API_KEY_EXPIRED"],
    [401, "API_KEY_REVOKED"],
    [403, "INSUFFICIENT_SCOPE"],
    [403, "ACCESS_DENIED"],
    [404, "DEPLOYMENT_NOT_FOUND"],
    [404, "OPERATION_NOT_FOUND"],
    [404, "ENVIRONMENT_NOT_FOUND"],
    [409, "RESOURCE_CONFLICT"],
    [429, "RATE_LIMIT_EXCEEDED"],
    [500, "INTERNAL_ERROR"],
    [503, "SERVICE_UNAVAILABLE"],
  ] as const)("%i %s stands in the catalogue", (status, code) => {
    expect(errorCatalogue[code].status).toBe(status);
  });

  it("an unknown key is INVALID_API_KEY: Invalid API key", async () => {
    const well = "onv_sk_live_abc123def456ghi789jkl012mno345pqr678stu901vwx234yz";
    for (const wrong of [well, "onv_sk_live_", "nonsense", ""]) {
      const answer = await list({ key: wrong });
      expect(answer.status).toBe(401);
      expect(answer.body.error).toMatchObject({ code: "INVALID_API_KEY", message: "Invalid API key" });
    }
  });

  it("no key is MISSING_API_KEY", async () => {
    const answer = await list({});
    expect([answer.status, answer.body.error.code]).toEqual([401, "MISSING_API_KEY"]);
  });

  it("a key past its expiry is API_KEY_EXPIRED: API key has expired", async () => {
    const { key: old } = await server.addKey({ organizationId, userId: owner, expiresAt: new Date(Date.now() - 1000) });
    const answer = await list({ key: old });
    expect(answer.status).toBe(401);
    expect(answer.body.error).toMatchObject({ code: "API_KEY_EXPIRED", message: "API key has expired" });
  });

  it("a revoked key is API_KEY_REVOKED", async () => {
    const { key: gone, id } = await server.addKey({ organizationId, userId: owner });
    expect((await list({ key: gone })).status).toBe(200);
    expect((await server.call("DELETE", `/api/v1/api-keys/${id}`, { key })).status).toBe(200);
    const answer = await list({ key: gone });
    expect([answer.status, answer.body.error.code]).toEqual([401, "API_KEY_REVOKED"]);
  });

  it("a key without the scope is INSUFFICIENT_SCOPE with the documented words", async () => {
    const { key: reader } = await server.addKey({ organizationId, userId: owner, scopes: ["deployments:read"] });
    const answer = await server.call("POST", "/api/v1/deployments", { key: reader, body: { app_type: "superset" } });
    expect(answer.status).toBe(403);
    expect(answer.body.error).toMatchObject({
      code: "INSUFFICIENT_SCOPE",
      message: "Insufficient scope. Required: deployments:write",
    });
  });

  it("a person without the role is ACCESS_DENIED", async () => {
    const { userId } = await server.addUser({ organizationId, role: "viewer" });
    const { key: viewer } = await server.addKey({ organizationId, userId });
    const answer = await server.call("POST", "/api/v1/deployments", { key: viewer, body: { app_type: "superset" } });
    expect([answer.status, answer.body.error.code]).toEqual([403, "ACCESS_DENIED"]);
  });

  it("an unknown environment is ENVIRONMENT_NOT_FOUND", async () => {
    const answer = await server.call("GET", "/api/v1/environments/env_550e8400-e29b-41d4-a716-446655440000", { key });
    expect([answer.status, answer.body.error.code]).toEqual([404, "ENVIRONMENT_NOT_FOUND"]);
  });

  it("every code has a line on the page its docs_url leads to", async () => {
    const page = await server.call("GET", "/docs/errors");
    for (const code of Object.keys(errorCatalogue)) expect(page.body).toContain(`id="${code}"`);
  });
});

describe("scopes of the documented endpoints", () => {
  it.each([
    ["POST", "/deployments", "deployments:write"],
    ["GET", "/deployments", "deployments:read"],
    ["GET", "/deployments/dep_550e8400-e29b-41d4-a716-446655440000", "deployments:read"],
    // Contradiction 3 of the documentation: the scope that exists for deleting is the one that deletes.
    ["DELETE", "/deployments/dep_550e8400-e29b-41d4-a716-446655440000", "deployments:delete"],
    ["GET", "/operations", "operations:read"],
    ["GET", "/operations/op_550e8400-e29b-41d4-a716-446655440000", "operations:read"],
    ["GET", "/environments", "org:read"],
  ] as const)("%s %s needs %s and nothing else", async (method, path, scope) => {
    const body = method === "POST" ? { app_type: "superset" } : undefined;
    const { key: holder } = await server.addKey({ organizationId, userId: owner, scopes: [scope] });
    expect((await server.call(method, `/api/v1${path}`, { key: holder, body })).status).not.toBe(403);
    const all = ["deployments:read", "deployments:write", "deployments:delete", "operations:read", "org:read"] as const;
    const { key: lacking } = await server.addKey({
      organizationId,
      userId: owner,
      scopes: all.filter((other) => other !== scope),
    });
    const refused = await server.call(method, `/api/v1${path}`, { key: lacking, body });
    expect([refused.status, refused.body.error.message]).toEqual([403, `Insufficient scope. Required: ${scope}`]);
  });
});

describe("rate limits", () => {
  it("one poller every two seconds never meets them, and refusals say when to come back", async () => {
    const small = await startTestServer({ limits: { perCaller: 40 } });
    try {
      const { ownerKey } = await small.addOrganization();
      const statuses: number[] = [];
      for (let n = 0; n < 30; n++)
        statuses.push((await small.call("GET", "/api/v1/operations", { key: ownerKey })).status);
      expect(new Set(statuses)).toEqual(new Set([200]));
      let answer = await small.call("GET", "/api/v1/operations", { key: ownerKey });
      while (answer.status === 200) answer = await small.call("GET", "/api/v1/operations", { key: ownerKey });
      const seconds = Number(answer.headers.get("retry-after"));
      expect(answer.status).toBe(429);
      expect(answer.body.error).toMatchObject({
        code: "RATE_LIMIT_EXCEEDED",
        message: `Rate limit exceeded. Please retry after ${seconds} seconds`,
        retryable: true,
      });
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(60);
    } finally {
      await small.close();
    }
  });

  it("guessing keys from one address is stopped", async () => {
    const small = await startTestServer({ limits: { failuresPerAddress: 5 } });
    try {
      const statuses: number[] = [];
      for (let n = 0; n < 7; n++) statuses.push((await small.call("GET", "/api/v1/whoami", { key: "x" })).status);
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
    } finally {
      await small.close();
    }
  });
});
