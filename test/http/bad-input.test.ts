/** Whatever is sent, the answer is a problem that says what is wrong: never a 5xx, never a half-made thing. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { declaredRoutes } from "../../src/server/contracts/registry.ts";
import { type Answer, startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
let key: string;
let operatorKey: string;

beforeAll(async () => {
  server = await startTestServer({ limits: { perCaller: 100_000, failuresPerAddress: 100_000 } });
  const { organizationId, ownerKey } = await server.addOrganization();
  key = ownerKey;
  const { userId } = await server.addUser({ organizationId, role: "owner", isOperator: true });
  operatorKey = (await server.addKey({ organizationId, userId })).key;
});
afterAll(() => server.close());

const send = (text: string | Uint8Array<ArrayBuffer>, type = "application/json") =>
  server.call("POST", "/api/v1/deployments", { key, raw: { text, type } });

function expectProblem(answer: Answer, status: number, code: string) {
  expect([answer.status, answer.body.error?.code]).toEqual([status, code]);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.body.error.request_id).toMatch(/^req_/);
}

describe("bodies", () => {
  it.each([
    ["nothing", ""],
    ["half an object", '{"app_type": "superset"'],
    ["no JSON", "app_type=superset"],
    ["JSON with a trailing comma", '{"app_type": "superset",}'],
    ["NaN", '{"app_type": NaN}'],
  ])("%s is 400 VALIDATION_ERROR", async (_what, text) => {
    expectProblem(await send(text), 400, "VALIDATION_ERROR");
  });

  it("bytes that are not UTF-8 are 400", async () => {
    expectProblem(await send(new Uint8Array([0x22, 0xff, 0xfe, 0x22])), 400, "VALIDATION_ERROR");
  });

  it.each([
    ["an array", "[]"],
    ["null", "null"],
    ["a string", '"superset"'],
    ["a number", "3"],
  ])("%s instead of an object is 400", async (_what, text) => {
    expectProblem(await send(text), 400, "VALIDATION_ERROR");
  });

  it.each([
    ["application/x-www-form-urlencoded"],
    ["text/plain"],
    ["application/xml"],
    ["multipart/form-data; boundary=x"],
    [""],
  ])("content type %s is 415", async (type) => {
    expectProblem(await send('{"app_type": "superset"}', type), 415, "UNSUPPORTED_MEDIA_TYPE");
  });

  it("application/json with a charset is taken", async () => {
    expect((await send('{"app_type": "superset"}', "application/json; charset=utf-8")).status).toBe(202);
  });

  it("a body above 1 MiB is 413", async () => {
    const huge = JSON.stringify({ app_type: "superset", name: "x".repeat(1024 * 1024) });
    expectProblem(await send(huge), 413, "PAYLOAD_TOO_LARGE");
  });

  it("a body above 1 MiB is 413 over a connection, whether its length is told or not", async () => {
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    const ask = async (name: string, told: boolean) => {
      const text = JSON.stringify({ app_type: "superset", name });
      const body = told ? { body: text } : { body: new Blob([text]).stream(), duplex: "half" as const };
      const headers = { "x-api-key": key, "content-type": "application/json" };
      const url = `http://127.0.0.1:${port}/api/v1/deployments`;
      return (await fetch(url, { method: "POST", headers, ...body })).status;
    };
    for (const told of [true, false]) {
      expect(await ask("Told", told)).toBe(202);
      expect(await ask("x".repeat(1024 * 1024), told)).toBe(413);
    }
  });

  it("a body nested 100,000 levels deep is 400", async () => {
    expectProblem(await send(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`), 400, "VALIDATION_ERROR");
  });

  it.each([
    ["NUL in a value", '{"app_type": "superset", "name": "a\\u0000b"}', "/name"],
    [
      "NUL in a nested value",
      '{"app_type": "superset", "superset": {"config": {"A": ["\\u0000"]}}}',
      "/superset/config/A/0",
    ],
    ["NUL in a key", '{"app_type": "superset", "environment_variables": {"\\u0000": "x"}}', "/environment_variables"],
    [
      "a name the validator would drop",
      '{"app_type": "superset", "environment_variables": {"__proto__": "x"}}',
      "/environment_variables/__proto__",
    ],
    ["half a surrogate pair", '{"app_type": "superset", "name": "\\ud800"}', "/name"],
  ])("%s is 400 and names the field", async (_what, text, pointer) => {
    const answer = await send(text);
    expectProblem(answer, 400, "VALIDATION_ERROR");
    expect(answer.body.error.fields[0].pointer).toBe(pointer);
  });

  it("several faults are all named", async () => {
    const answer = await send(JSON.stringify({ app_type: 1, size: "x", nonsense: true }));
    const pointers = answer.body.error.fields.map((field: { pointer: string }) => field.pointer);
    expect(pointers.sort()).toEqual(["/app_type", "/nonsense", "/size"]);
  });

  it.each(["constructor", "toString"])("the variable name %s is a name like any other", async (name) => {
    const body = `{"app_type": "superset", "environment_variables": {"${name}": "x"}}`;
    const answer = await send(body);
    expect(answer.status).toBe(202);
    const { data } = (await server.call("GET", answer.body.data.links.deployment, { key })).body;
    expect(Object.entries(data.settings.environment_variables)).toEqual([[name, "x"]]);
  });
});

describe("addresses", () => {
  it("an unknown one is 404 NOT_FOUND", async () => {
    for (const path of ["/api/v1/nothing", "/api/v2/deployments", "/nothing", "/api/v1"]) {
      expectProblem(await server.call("GET", path, { key }), 404, "NOT_FOUND");
    }
  });

  it("a method it does not take is 405 with Allow", async () => {
    const answer = await server.call("PUT", "/api/v1/deployments", { key, body: {} });
    expectProblem(answer, 405, "METHOD_NOT_ALLOWED");
    expect(answer.headers.get("allow")).toBe("POST, GET, HEAD");
    expectProblem(await server.call("DELETE", "/api/v1/operations", { key }), 405, "METHOD_NOT_ALLOWED");
  });

  it.each(["%00", "%ff", "%ed%a0%80", "..%2f..", "'; DROP TABLE deployments;--", "a".repeat(99), "😀"])(
    "the id %s is nobody's or not valid",
    async (id) => {
      for (const resource of ["deployments", "operations", "environments", "api-keys", "projects", "clusters"]) {
        expect([400, 404]).toContain((await server.call("GET", `/api/v1/${resource}/${id}`, { key })).status);
      }
    },
  );

  it.each([
    ["page=0"],
    ["page=-1"],
    ["page=x"],
    ["page=1e99"],
    ["page=9999999999999999999"],
    ["per_page=0"],
    ["per_page=1.5"],
    ["per_page="],
    ["cursor="],
    ["status=none"],
    ["nonsense=1"],
    ["page=%00"],
  ])("the query %s is 400 INVALID_REQUEST", async (query) => {
    expectProblem(await server.call("GET", `/api/v1/operations?${query}`, { key }), 400, "INVALID_REQUEST");
  });

  it("a wait that is no time is 400", async () => {
    const { operationId } = await server.deploy(key);
    for (const wait of ["30", "61s", "-1s", "x"]) {
      expectProblem(
        await server.call("GET", `/api/v1/operations/${operationId}?wait=${wait}`, { key }),
        400,
        "INVALID_REQUEST",
      );
    }
  });

  it("HEAD answers as GET does, without a body", async () => {
    const answer = await server.call("HEAD", "/api/v1/deployments", { key });
    expect([answer.status, answer.body]).toEqual([200, ""]);
    expect((await server.call("HEAD", "/api/v1/deployments")).status).toBe(401);
  });
});

describe("every route that takes a body", () => {
  const routes = declaredRoutes.filter(({ config }) => config.request?.body);
  it.each(routes.map(({ method, path }) => [method, path]))(
    "%s %s refuses what is no JSON object",
    async (method, path) => {
      const { id } = await server.deploy(key);
      const target = path.replace("{deployment_id}", id).replace("{environment_id}", "env_default");
      for (const text of ["", "{", "[]", "null", '{"no such field": 1}', '{"\\u0000": 1}']) {
        const answer = await server.call(method, target, { key: operatorKey, raw: { text, type: "application/json" } });
        expectProblem(answer, 400, "VALIDATION_ERROR");
      }
    },
  );
});

describe("headers", () => {
  it("an Idempotency-Key that is not visible ASCII is 400", async () => {
    const answer = await server.call("POST", "/api/v1/deployments", {
      key,
      body: { app_type: "superset" },
      headers: { "Idempotency-Key": "a b" },
    });
    expectProblem(answer, 400, "INVALID_REQUEST");
  });

  it("every answer says how it may be used", async () => {
    const { headers } = await server.call("GET", "/api/v1/deployments", { key });
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(headers.get("ratelimit-limit")).not.toBeNull();
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  it("the request id a caller gives is kept when it is one, else replaced", async () => {
    const given = "req_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e";
    const kept = await server.call("GET", "/healthz", { headers: { "X-Request-Id": given } });
    expect(kept.headers.get("x-request-id")).toBe(given);
    const replaced = await server.call("GET", "/healthz", { headers: { "X-Request-Id": "<script>" } });
    expect(replaced.headers.get("x-request-id")).toMatch(/^req_[0-9a-f-]{36}$/);
  });
});
