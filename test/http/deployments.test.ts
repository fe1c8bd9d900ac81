import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_PORT, startTestServer, type TestServer } from "../support/http.ts";
import { finish } from "../support/worker-hand.ts";

let server: TestServer;
let organizationId: string;
let key: string;

beforeAll(async () => {
  server = await startTestServer();
  ({ organizationId, ownerKey: key } = await server.addOrganization());
});
afterAll(() => server.close());

const post = (body: unknown, headers: Record<string, string> = {}) =>
  server.call("POST", "/api/v1/deployments", { key, body, headers });
const get = async (id: string) => (await server.call("GET", `/api/v1/deployments/${id}`, { key })).body.data;
const patch = (id: string, body: unknown, headers: Record<string, string> = {}) =>
  server.call("PATCH", `/api/v1/deployments/${id}`, { key, body, headers });
const destroy = (id: string) => server.call("DELETE", `/api/v1/deployments/${id}`, { key });
const countRows = () =>
  server.store.asPlatform(async (db) => {
    const count = (table: "deployments" | "operations" | "deployment_specs") =>
      db
        .selectFrom(table)
        .select(({ fn }) => fn.countAll<number>().as("n"))
        .executeTakeFirstOrThrow();
    return [(await count("deployments")).n, (await count("operations")).n, (await count("deployment_specs")).n];
  });

describe("create", () => {
  it("answers 202 with the ids; the operation exists before any work (ON-12, ON-31, ON-40, ON-42)", async () => {
    const answer = await post({ app_type: "superset", name: "My Superset" });
    expect(answer.status).toBe(202);
    const { deployment_id: id, operation_id: operationId, links } = answer.body.data;
    expect(id).toMatch(/^dep_[0-9a-f-]{36}$/);
    expect(links).toEqual({ deployment: `/api/v1/deployments/${id}`, operation: `/api/v1/operations/${operationId}` });
    expect(answer.headers.get("location")).toBe(links.operation);
    expect(answer.headers.get("retry-after")).toBe("2");
    const operation = await server.call("GET", links.operation, { key });
    expect(operation.body.data).toMatchObject({
      type: "deployment.create",
      status: "queued",
      resource_type: "deployment",
      resource_id: id,
      origin: "api",
    });
    expect(await get(id)).toMatchObject({
      id,
      name: "My Superset",
      app_type: "superset",
      status: "provisioning",
      url: null,
      environment_id: "env_default",
      organization_id: organizationId,
      current_operation_id: operationId,
      links: { self: links.deployment, operation: links.operation },
    });
  });

  it("sends the operation to workers of the cluster's node only", async () => {
    const { operationId } = await server.deploy(key, {}, { ready: false });
    const row = await server.store.asPlatform((db) =>
      db.selectFrom("operations").select("capability").where("id", "=", operationId).executeTakeFirstOrThrow(),
    );
    expect(row.capability).toBe("local:node-1");
  });

  it("makes up a name when none is given", async () => {
    const { id } = await server.deploy(key, { app_type: "airflow" }, { ready: false });
    expect((await get(id)).name).toMatch(/^airflow-[a-z]+-[a-z]+$/);
  });

  it.each([
    ["unknown app", { app_type: "mysql" }, "INVALID_REQUEST", "/app_type"],
    ["missing app", {}, "VALIDATION_ERROR", "/app_type"],
    ["app of a wrong type", { app_type: 7 }, "VALIDATION_ERROR", "/app_type"],
    ["the bench app outside test installations", { app_type: "bench" }, "INVALID_REQUEST", "/app_type"],
    ["unknown field", { app_type: "superset", colour: "red" }, "VALIDATION_ERROR", "/colour"],
    ["unknown version", { app_type: "superset", version: "1.0.0" }, "VALIDATION_ERROR", "/version"],
    ["unknown size", { app_type: "superset", size: "huge" }, "VALIDATION_ERROR", "/size"],
    [
      "unknown process",
      { app_type: "superset", replicas: { scheduler: 2 } },
      "VALIDATION_ERROR",
      "/replicas/scheduler",
    ],
    ["too many copies", { app_type: "superset", replicas: { web: 19 } }, "VALIDATION_ERROR", "/replicas/web"],
    [
      "copies that are no number",
      { app_type: "superset", replicas: { web: "2" } },
      "VALIDATION_ERROR",
      "/replicas/web",
    ],
    ["settings of the other app", { app_type: "superset", airflow: {} }, "VALIDATION_ERROR", "/airflow"],
    [
      "a reserved configuration key",
      { app_type: "superset", superset: { config: { SECRET_KEY: "x" } } },
      "VALIDATION_ERROR",
      "/superset/config/SECRET_KEY",
    ],
    [
      "a reserved environment variable",
      { app_type: "superset", environment_variables: { PATH: "/x" } },
      "VALIDATION_ERROR",
      "/environment_variables/PATH",
    ],
    [
      "a requirement with a URL",
      { app_type: "superset", requirements: ["x @ https://evil.test/x.whl"] },
      "VALIDATION_ERROR",
      "/requirements/0",
    ],
    [
      "an installer option",
      { app_type: "superset", requirements: ["--index-url=x"] },
      "VALIDATION_ERROR",
      "/requirements/0",
    ],
    [
      "a file URL for DAGs",
      { app_type: "airflow", airflow: { dags: { url: "file:///etc" } } },
      "VALIDATION_ERROR",
      "/airflow/dags/url",
    ],
    [
      "an environment nobody has",
      { app_type: "superset", environment_id: "env_nobody" },
      "ENVIRONMENT_NOT_FOUND",
      undefined,
    ],
  ])("refuses %s and creates nothing (ON-06)", async (_what, body, code, pointer) => {
    const before = await countRows();
    const answer = await post(body);
    expect(answer.body.error.code).toBe(code);
    expect(answer.status).toBe(code === "ENVIRONMENT_NOT_FOUND" ? 404 : 400);
    if (pointer) expect(answer.body.error.fields.map((field: { pointer: string }) => field.pointer)).toContain(pointer);
    expect(await countRows()).toEqual(before);
  });

  it.each([
    ["empty", ""],
    ["blank", "   "],
    ["301 characters", "x".repeat(301)],
    ["101 characters", "x".repeat(101)],
    ["a line break", "a\nb"],
    ["a bell", "a\u0007b"],
    ["invisible characters only", "\u200b\u200d"],
  ])("refuses a name that is %s", async (_what, name) => {
    const answer = await post({ app_type: "superset", name });
    expect([answer.status, answer.body.error.fields[0].pointer]).toEqual([400, "/name"]);
  });

  it.each([
    ["Unicode", "データ分析 🚀"],
    ["SQL", "Robert'); DROP TABLE deployments;--"],
    ["shell", "$(rm -rf /) `id` && true | cat"],
    ["YAML", "!!js/function > - [a]: {b}"],
    ["HTML", "<script>alert(1)</script>"],
    ["100 astral characters", "😀".repeat(100)],
  ])("takes a name with %s as it is, and gives it a clean host (ON-29, TN-13)", async (_what, name) => {
    const { id } = await server.deploy(key, { name });
    const deployment = await get(id);
    expect(deployment.name).toBe(name);
    expect(deployment.url).toMatch(new RegExp(`^http://[a-z0-9-]{1,56}-[a-z0-9]{6}\\.localhost:${GATEWAY_PORT}$`));
  });

  it("trims a name", async () => {
    const { id } = await server.deploy(key, { name: "  padded  " }, { ready: false });
    expect((await get(id)).name).toBe("padded");
  });

  it("gives every deployment its own host, also for the same name (ON-10, ON-29)", async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => server.deploy(key, { name: "twin" })));
    const urls = await Promise.all(ids.map(async ({ id }) => (await get(id)).url));
    expect(new Set(urls).size).toBe(8);
  });
});

describe("read", () => {
  it("shows the url only once the deployment is ready (ON-43)", async () => {
    const { id, operationId } = await server.deploy(key, { name: "late" }, { ready: false });
    expect((await get(id)).url).toBeNull();
    await finish(server.store, operationId);
    const ready = await get(id);
    expect(ready.status).toBe("ready");
    expect(ready.url).toMatch(/^http:\/\/late-[a-z0-9]{6}\.localhost:8080$/);
    expect(ready.links.operation).toBeNull();
  });

  it("accepts the bare UUID wherever an id is taken", async () => {
    const { id } = await server.deploy(key);
    const bare = id.replace("dep_", "");
    expect((await get(bare)).id).toBe(id);
    expect((await server.call("GET", `/api/v1/operations?resource_id=${bare}`, { key })).body.data.items).toHaveLength(
      1,
    );
  });

  it("masks secrets: connections for everybody, variables for those who may not change them", async () => {
    const settings = {
      app_type: "airflow",
      environment_variables: { TOKEN: "hush-env" },
      airflow: { connections: { db: "postgres://u:hush-conn@h/d" }, variables: { v: "hush-var" } },
    };
    const { id } = await server.deploy(key, settings);
    const own = await server.call("GET", `/api/v1/deployments/${id}`, { key });
    expect(JSON.stringify(own.body)).not.toContain("hush-conn");
    expect(own.body.data.settings.environment_variables).toEqual({ TOKEN: "hush-env" });
    const viewer = await server.addUser({ organizationId, role: "viewer" });
    const { key: viewerKey } = await server.addKey({ organizationId, userId: viewer.userId });
    const seen = await server.call("GET", `/api/v1/deployments/${id}`, { key: viewerKey });
    expect(seen.status).toBe(200);
    expect(JSON.stringify(seen.body)).not.toContain("hush");
  });

  it("names the actions that are open now", async () => {
    const { id } = await server.deploy(key);
    const actions = async () => (await get(id)).available_actions;
    const open = ["update", "stop", "restart", "scale", "rotate_credentials", "plan", "pulumi", "destroy"];
    expect(await actions()).toEqual(open);
    await destroy(id);
    expect(await actions()).toEqual([]);
  });
});

describe("update", () => {
  it("changes name and protection at once, without an operation", async () => {
    const { id } = await server.deploy(key, { name: "before" });
    const answer = await patch(id, { name: "after", protected: true });
    expect(answer.status).toBe(200);
    expect(answer.body.data).toMatchObject({ name: "after", protected: true, current_operation_id: null });
  });

  it("turns a settings change into one operation with the next revision (ON-12, ON-19)", async () => {
    const { id } = await server.deploy(key);
    const answer = await patch(id, { size: "medium", environment_variables: { A: "1" } });
    expect(answer.status).toBe(202);
    const operation = await server.call("GET", answer.body.data.links.operation, { key });
    expect(operation.body.data.type).toBe("deployment.update");
    expect(await get(id)).toMatchObject({
      revision: { wanted: 2, applied: 1 },
      settings: { size: "medium" },
      status: "ready",
    });
    const row = await server.store.asPlatform((db) =>
      db
        .selectFrom("operations")
        .select("input")
        .where("id", "=", answer.body.data.operation_id)
        .executeTakeFirstOrThrow(),
    );
    expect(row.input).toEqual({ revision: 2, previous_revision: 1 });
  });

  it("answers 200 without an operation when nothing changes", async () => {
    const { id } = await server.deploy(key, { size: "small" });
    const answer = await patch(id, { size: "small" });
    expect(answer.status).toBe(200);
    expect((await get(id)).revision).toEqual({ wanted: 1, applied: 1 });
  });

  it("merges maps and removes what is null", async () => {
    const { id } = await server.deploy(key, { environment_variables: { A: "1", B: "2" } });
    await patch(id, { environment_variables: { A: null, C: "3" } });
    expect((await get(id)).settings.environment_variables).toEqual({ B: "2", C: "3" });
  });

  it("keeps the old version running when an update fails (TN-3, TN-11)", async () => {
    const { id } = await server.deploy(key);
    const answer = await patch(id, { size: "large" });
    await finish(server.store, answer.body.data.operation_id, {
      error: {
        code: "BOOTSTRAP_FAILED",
        message: "no",
        cause: "platform",
        retryable: true,
        owner: "platform",
        next_step: "-",
      },
    });
    const deployment = await get(id);
    expect(deployment).toMatchObject({ status: "ready", settings: { size: "small" } });
    expect(deployment.conditions).toMatchObject([{ type: "update_failed", status: "true" }]);
    // The number of the failed revision is not used again.
    await patch(id, { size: "medium" });
    expect((await get(id)).revision).toEqual({ wanted: 3, applied: 1 });
  });

  it("refuses a step back in versions before anything is accepted", async () => {
    const { id } = await server.deploy(key);
    const answer = await patch(id, { version: "6.0.0" });
    expect([answer.status, answer.body.error.fields[0].pointer]).toEqual([400, "/version"]);
  });

  it("refuses a second change while one is under way, naming it (409)", async () => {
    const { id } = await server.deploy(key);
    const first = await patch(id, { size: "medium" });
    const second = await patch(id, { size: "large" });
    expect(second.status).toBe(409);
    expect(second.body.error).toMatchObject({ code: "RESOURCE_CONFLICT", operation_id: first.body.data.operation_id });
  });

  it("lets one of many parallel changes win", async () => {
    const { id } = await server.deploy(key);
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, n) => patch(id, { environment_variables: { N: String(n) } })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 409, 409, 409, 409, 409]);
  });

  it("honours If-Match: 412 when the deployment changed since it was read", async () => {
    const { id } = await server.deploy(key);
    const etag = (await server.call("GET", `/api/v1/deployments/${id}`, { key })).headers.get("etag") ?? "";
    expect((await patch(id, { name: "one" }, { "If-Match": etag })).status).toBe(200);
    const stale = await patch(id, { name: "two" }, { "If-Match": etag });
    expect([stale.status, stale.body.error.code]).toEqual([412, "PRECONDITION_FAILED"]);
  });
});

describe("destroy", () => {
  it("says that it is irreversible, in the answer and in the document (ON-47)", async () => {
    const { id } = await server.deploy(key);
    const answer = await destroy(id);
    expect(answer.status).toBe(202);
    expect(answer.body.data.warning).toMatch(/irreversible/i);
    const document = await server.call("GET", "/api/v1/openapi.json");
    expect(document.body.paths["/api/v1/deployments/{deployment_id}"].delete.description).toMatch(/^IRREVERSIBLE/);
    expect((await get(id)).status).toBe("destroying");
  });

  it("answers the documented 409 while a destroy is under way", async () => {
    const { id } = await server.deploy(key);
    const first = await destroy(id);
    const second = await destroy(id);
    expect(second.status).toBe(409);
    expect(second.body.error).toMatchObject({
      code: "RESOURCE_CONFLICT",
      message: "Deployment is already being destroyed",
      operation_id: first.body.data.operation_id,
    });
  });

  it("refuses a protected deployment and says how to unprotect it; that needs its name (ON-47)", async () => {
    const { id } = await server.deploy(key, { name: "precious", protected: true });
    const refused = await destroy(id);
    expect([refused.status, refused.body.error.code]).toEqual([409, "DEPLOYMENT_PROTECTED"]);
    expect(refused.body.error.message).toContain('"confirm_name": "precious"');
    const unnamed = await patch(id, { protected: false });
    expect([unnamed.status, unnamed.body.error.fields[0].pointer]).toEqual([400, "/confirm_name"]);
    expect((await patch(id, { protected: false, confirm_name: "precious" })).status).toBe(200);
    expect((await destroy(id)).status).toBe(202);
  });

  it("cancels a create that has not begun, and takes its place", async () => {
    const { id, operationId } = await server.deploy(key, {}, { ready: false });
    expect((await destroy(id)).status).toBe(202);
    const create = await server.call("GET", `/api/v1/operations/${operationId}`, { key });
    expect(create.body.data.status).toBe("canceled");
    expect((await get(id)).status).toBe("destroying");
  });

  it("can destroy a failed deployment, and nothing else can be done to it (ON-39, TN-11)", async () => {
    const { id, operationId } = await server.deploy(key, {}, { ready: false });
    await finish(server.store, operationId, {
      error: { code: "X", message: "no", cause: "platform", retryable: false, owner: "platform", next_step: "-" },
    });
    expect(await get(id)).toMatchObject({ status: "failed", available_actions: ["plan", "destroy"] });
    expect((await patch(id, { size: "large" })).status).toBe(409);
    expect((await destroy(id)).status).toBe(202);
  });

  it("leaves a tombstone with its receipt: gone from lists, still there by id (TN-4, NH-01)", async () => {
    const { id } = await server.deploy(key, { name: "mortal" });
    // As an older version wrote it: without the time and the reason of each look.
    const receiptLine = {
      urn: "u",
      type: "t",
      physical_id: "p",
      found: "absent",
      looked_up_by: "id",
      detail: "",
    } as const;
    const receipts = () => server.call("GET", `/api/v1/deployments/${id}/receipt`, { key });
    expect((await receipts()).body.error.code).toBe("RECEIPT_NOT_FOUND");
    const answer = await destroy(id);
    await finish(server.store, answer.body.data.operation_id, {
      receipt: [receiptLine],
    });
    expect(await get(id)).toMatchObject({ status: "destroyed", url: null, available_actions: [] });
    const listed = async (query: string) =>
      (await server.call("GET", `/api/v1/deployments?per_page=100${query}`, { key })).body.data.items.map(
        (item: { id: string }) => item.id,
      );
    expect(await listed("")).not.toContain(id);
    expect(await listed("&include=destroyed")).toContain(id);
    const receipt = (await receipts()).body.data;
    expect(receipt).toMatchObject({ deployment_id: id, deployment_name: "mortal", summary: { absent: 1 } });
    // Read without the product it still says what was looked up, why, by what, when and with which result.
    expect(receipt.owner_mark).toBe(`onvera:${id}`);
    const [line] = receipt.items;
    expect(line).toEqual({ ...receiptLine, listed_by: "record", looked_up_at: receipt.written_at });
    for (const word of [line.found, line.listed_by]) expect(receipt.meanings[word]).toMatch(/\.$/);
    expect((await destroy(id)).status).toBe(409);
    expect((await patch(id, { name: "ghost" })).status).toBe(409);
  });

  it("retries a destroy that was blocked half-way (TN-11)", async () => {
    const { id } = await server.deploy(key);
    const first = await destroy(id);
    await finish(server.store, first.body.data.operation_id, {
      error: { code: "X", message: "stuck", cause: "provider", retryable: true, owner: "operator", next_step: "-" },
    });
    const blocked = await get(id);
    expect(blocked).toMatchObject({ status: "destroying", available_actions: ["destroy"] });
    expect(blocked.conditions).toMatchObject([{ type: "destroy_blocked" }]);
    expect((await destroy(id)).status).toBe(202);
  });
});
