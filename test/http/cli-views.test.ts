import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Cli, createCli } from "./cli-harness.ts";
import {
  accepted,
  DEPLOYMENT,
  deployment,
  OPERATION,
  operation,
  page,
  type Service,
  startService,
} from "./cli-service.ts";

let service: Service;
let cli: Cli;

beforeEach(async () => {
  service = await startService();
  cli = createCli(service.url);
});

afterEach(async () => {
  cli.remove();
  await service.close();
});

const at = "2024-01-20T12:00:00Z";
const below = `/deployments/${DEPLOYMENT}`;
const environment = {
  id: "env_default",
  name: "Default",
  slug: "default",
  created_at: at,
  is_default: true,
  owner: "system",
  isolation_level: "shared",
  project_id: null,
  cluster_id: "clu_1",
  own: { ingress_class: null, storage_class: null, database: null, node_selector: {}, tolerations: [] },
  links: { self: "/api/v1/environments/env_default" },
};
const key = {
  id: "key_1",
  name: "ci",
  hint: "onv_sk_live_ab…yz",
  scopes: ["deployments:read"],
  user_id: "usr_1",
  created_at: at,
};
const apiKey = {
  ...key,
  expires_at: null,
  last_used_at: null,
  revoked_at: null,
  status: "active",
  links: { self: "" },
};

/** Each reading command, the route it asks, an answer, and what a person must find in the table. */
const views: [string[], string, unknown, string[]][] = [
  [["list"], "GET /deployments", page([deployment()]), ["My Superset", "ready", "my-superset-abc123"]],
  [["get", DEPLOYMENT], `GET ${below}`, deployment(), ["My Superset", "env_default", at]],
  [["url", DEPLOYMENT], `GET ${below}`, deployment(), ["http://my-superset-abc123.localhost:7680\n"]],
  [["outputs", DEPLOYMENT], `GET ${below}/outputs`, { url: "http://x", replicas: 2 }, ["url:", "http://x", "2"]],
  [
    ["credentials", DEPLOYMENT],
    `GET ${below}/credentials`,
    { username: "admin", password: "pw", url: null },
    ["admin", "pw"],
  ],
  [["ops", "list"], "GET /operations", page([operation()]), [OPERATION, "deployment.create", "running"]],
  [["ops", "get", OPERATION], `GET /operations/${OPERATION}`, operation(), [OPERATION]],
  [["environments", "list"], "GET /environments", { items: [environment] }, ["env_default", "Default", "shared"]],
  [["environments", "get", "env_default"], "GET /environments/env_default", environment, ["env_default"]],
  [["api-keys", "list"], "GET /api-keys", page([apiKey]), ["key_1", "ci", "active"]],
  [["api-keys", "get", "key_1"], "GET /api-keys/key_1", apiKey, ["onv_sk_live_ab…yz"]],
  [
    ["organizations", "list"],
    "GET /organizations",
    { items: [{ id: "org_1", name: "Acme", slug: "acme", created_at: at, role: "owner", links: { self: "" } }] },
    ["org_1", "Acme", "owner"],
  ],
  [
    ["clusters", "list"],
    "GET /clusters",
    {
      items: [
        {
          id: "clu_1",
          name: "here",
          kind: "local",
          domain: "localhost",
          shared: true,
          state: "active",
          kubernetes: null,
          check: null,
          created_at: at,
          links: { self: "" },
        },
      ],
    },
    ["clu_1", "local", "localhost"],
  ],
  [
    ["health", DEPLOYMENT],
    `GET ${below}/health`,
    {
      status: "healthy",
      front_door: { ok: true, checked_at: at, detail: "" },
      processes: [
        {
          name: "web",
          wanted_replicas: 1,
          replicas: [{ replica: 0, phase: "running", started_at: at, restarts: 3, last_exit: null, reason: null }],
        },
      ],
      checked_at: at,
    },
    ["healthy", "web.0", "3"],
  ],
  [
    ["metrics", DEPLOYMENT],
    `GET ${below}/metrics`,
    {
      at,
      processes: [{ name: "web", replica: 0, cpu_seconds: 1, cpu_percent: 2.5, memory_bytes: 314572800, restarts: 0 }],
      gateway: { requests: 7, errors: 1, bytes_out: 0, latency_milliseconds: { p50: 1, p95: 2, p99: 3 } },
    },
    ["2.5 %", "300.0 MiB", "p95 2 ms"],
  ],
  [
    ["resources", DEPLOYMENT],
    `GET ${below}/resources`,
    { items: [node("root", [node("child", [node("grandchild", [])]), node("last", [])])] },
    ["onvera:x:root  root", "├─ onvera:x:child", "│  └─ onvera:x:grandchild", "└─ onvera:x:last"],
  ],
  [
    ["receipt", DEPLOYMENT],
    `GET ${below}/receipt`,
    {
      deployment_id: DEPLOYMENT,
      deployment_name: "etl",
      organization_id: "org_1",
      operation_id: OPERATION,
      written_at: at,
      owner_mark: "onvera:dep_1",
      summary: { absent: 1 },
      meanings: {},
      items: [
        {
          ...{ urn: "u", type: "t", physical_id: "ov_1", listed_by: "record", found: "absent" },
          ...{ looked_up_by: "id", looked_up_at: at, detail: "" },
        },
      ],
    },
    ["1 absent", "ov_1"],
  ],
  [
    ["events", DEPLOYMENT],
    `GET ${below}/events`,
    page([{ seq: 4, operation_id: OPERATION, at, type: "phase", data: { phase: "ready", message: "Ready" } }]),
    [OPERATION, "ready - Ready"],
  ],
  [
    ["logs", DEPLOYMENT],
    `GET ${below}/logs`,
    { items: [{ seq: 1, at, process: "web", replica: 0, stream: "stdout", text: "\u001b[32mhello\u001b[0m" }] },
    ["web.0", "hello\n"],
  ],
];

function node(name: string, children: unknown[]): unknown {
  return {
    urn: `urn:${name}`,
    type: `onvera:x:${name}`,
    name,
    physical_id: name,
    phase: null,
    first_seen_at: at,
    deleted_at: null,
    children,
  };
}

describe("reading commands (ON-23, ON-25)", () => {
  it.each(views)("%j shows a person what matters", async (line, route, data, parts) => {
    service.on(route, () => ({ data }));
    const { code, out, err } = await cli.run(line);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    for (const part of parts) expect(out).toContain(part);
    expect(out).not.toContain("\u001b");
  });

  it.each(views)("%j gives programs the API's own data as JSON and YAML", async (line, route, data) => {
    service.on(route, () => ({ data }));
    const { out } = await cli.run([...line, "-o", "json"]);
    if (line[0] === "url") expect(JSON.parse(out)).toEqual({ id: DEPLOYMENT, url: deployment().url });
    else if (line[0] === "list") expect(JSON.parse(out)).toEqual({ items: [deployment()] });
    else expect(JSON.parse(out)).toEqual(data);
    const { parse } = await import("yaml");
    expect(parse((await cli.run([...line, "-o", "yaml"])).out)).toEqual(JSON.parse(out));
  });
});

describe("service control (ON-24)", () => {
  it.each([
    [["start", DEPLOYMENT], `${below}/start`, "Starting deployment", undefined],
    [["stop", DEPLOYMENT], `${below}/stop`, "Stopping deployment", undefined],
    [["restart", DEPLOYMENT], `${below}/restart`, "Restarting deployment", undefined],
    [
      ["rotate-credentials", DEPLOYMENT],
      `${below}/credentials/rotate`,
      "Rotating the database password of deployment",
      undefined,
    ],
    [["dags", "sync", DEPLOYMENT], `${below}/dag-syncs`, "Syncing DAGs of deployment", undefined],
    [
      ["scale", DEPLOYMENT, "web=3", "worker=0"],
      `${below}/scale`,
      "Scaling deployment",
      { replicas: { web: 3, worker: 0 } },
    ],
  ] as const)("%j is an operation of its own", async (line, path, opening, body) => {
    service.on(`POST ${path}`, () => ({ status: 202, data: accepted() }));
    const { code, out } = await cli.run(line);
    expect(code).toBe(0);
    expect(out.split("\n").slice(0, 2)).toEqual([`${opening} ${DEPLOYMENT}...`, `Operation ID: ${OPERATION}`]);
    const sent = service.seen.find(({ method }) => method === "POST");
    expect(sent?.body).toEqual(body);
    expect(sent?.headers["idempotency-key"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("runs the control plane's verb where no deployment is named", async () => {
    const calls: string[] = [];
    const verb = (name: string) => async () => {
      calls.push(name);
      return 0;
    };
    const controlPlane = {
      runStart: verb("start"),
      runStop: verb("stop"),
      runLogs: verb("logs"),
      runStatus: verb("status"),
    };
    for (const name of ["start", "stop", "logs", "status"])
      expect((await cli.run([name], { controlPlane })).code).toBe(0);
    expect(calls).toEqual(["start", "stop", "logs", "status"]);
    expect(service.seen).toEqual([]);
  });
});

describe("plans", () => {
  const change = { urn: "urn:x", name: "db", replace_keys: [], diff_keys: [], stateful: false };
  const result = {
    changes: [
      { ...change, op: "create", type: "onvera:local:Process", name: "worker" },
      { ...change, op: "update", type: "onvera:local:Process", name: "web", diff_keys: ["digest"] },
      { ...change, op: "replace", type: "onvera:local:Route", name: "route", replace_keys: ["host"] },
      { ...change, op: "delete", type: "postgresql:Database", name: "db", stateful: true },
      { ...change, op: "same", type: "random:RandomPassword", name: "password" },
    ],
    summary: {},
    data_loss: ["urn:x"],
  };

  beforeEach(() => {
    service.on(`POST ${below}/plan`, () => ({ status: 202, data: accepted() }));
    service.on(`PATCH ${below}`, () => ({ status: 202, data: accepted() }));
    service.operation([{ type: "deployment.plan", status: "succeeded", result }]);
  });

  it("shows + ~ - ±, what forces a replace, and what data would be lost, and changes nothing", async () => {
    const { code, out } = await cli.run(["plan", DEPLOYMENT, "--size", "large"]);
    expect(code).toBe(0);
    expect(out).toContain("+ onvera:local:Process  worker");
    expect(out).toContain("~ onvera:local:Process  web  (changes: digest)");
    expect(out).toContain("± onvera:local:Route    route  (replaced because of: host)");
    expect(out).toContain("- postgresql:Database   db  (holds data)");
    expect(out).toContain("+ 1 to create, ~ 1 to update, - 1 to delete, ± 1 to replace, 1 unchanged");
    expect(out).toContain("DATA WOULD BE LOST with:\n  urn:x");
    expect(service.seen.find(({ path }) => path.endsWith("/plan"))?.body).toEqual({ changes: { size: "large" } });
    expect(service.seen.some(({ method }) => method === "PATCH")).toBe(false);
  });

  it("is shown before an update, which happens only on yes", async () => {
    const declined = await cli.run(["update", DEPLOYMENT, "--size", "large"], { typed: ["n"] });
    expect(declined.out).toContain("~ onvera:local:Process");
    expect(service.seen.some(({ method }) => method === "PATCH")).toBe(false);
    expect(declined.code).toBe(0);
    const agreed = await cli.run(["update", DEPLOYMENT, "--size", "large", "--no-wait"], { typed: ["y"] });
    expect(agreed.code).toBe(0);
    expect(service.seen.find(({ method }) => method === "PATCH")?.body).toEqual({ size: "large" });
  });

  it("is skipped with --yes; what is taken away is sent as null", async () => {
    const { code } = await cli.run([
      "update",
      DEPLOYMENT,
      "--yes",
      "--env",
      "A=1",
      "--unset-env",
      "B",
      "--no-requirements",
      "--no-wait",
    ]);
    expect(code).toBe(0);
    expect(service.seen.some(({ path }) => path.endsWith("/plan"))).toBe(false);
    expect(service.seen.find(({ method }) => method === "PATCH")?.body).toEqual({
      environment_variables: { A: "1", B: null },
      requirements: [],
    });
  });
});

describe("following logs and events (NH-08)", () => {
  it("goes on after the last line seen when the connection is cut, losing and repeating none", async () => {
    const line = (seq: number) =>
      JSON.stringify({ seq, at, process: "web", replica: 0, stream: "stdout", text: `line ${seq}` });
    const resumedAfter: (string | undefined)[] = [];
    service.on(`GET ${below}/logs`, ({ headers }, response) => {
      const last = headers["last-event-id"] as string | undefined;
      resumedAfter.push(last);
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      const first = Number(last ?? "0") + 1;
      for (const seq of [first, first + 1]) response.write(`id: ${seq}\nevent: log\ndata: ${line(seq)}\n\n`);
      if (first > 1) response.end("event: end\ndata: {}\n\n");
      else setImmediate(() => response.destroy());
      return undefined;
    });
    const { code, out } = await cli.run(["logs", DEPLOYMENT, "--follow"]);
    expect(code).toBe(0);
    expect(out.match(/line \d/g)).toEqual(["line 1", "line 2", "line 3", "line 4"]);
    expect(resumedAfter).toEqual([undefined, "2"]);
  });

  it("ends quietly on Ctrl+C", async () => {
    service.on(`GET ${below}/logs`, (_request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write(
        `id: 1\ndata: ${JSON.stringify({ seq: 1, at, process: "web", replica: 0, stream: "stdout", text: "up" })}\n\n`,
      );
      return undefined;
    });
    const { code, err } = await cli.run(["logs", DEPLOYMENT, "--follow"], { interruptAt: "up\n" });
    expect({ code, err }).toEqual({ code: 0, err: "" });
  });

  it("shows an operation's events to its end", async () => {
    service.on(`GET /operations/${OPERATION}/events`, (_request, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      const event = (seq: number, type: string, data: unknown) =>
        response.write(
          `id: ${seq}\nevent: ${type}\ndata: ${JSON.stringify({ seq, operation_id: OPERATION, at, type, data })}\n\n`,
        );
      event(1, "phase", { phase: "ready", message: "Ready" });
      event(2, "end", { status: "succeeded" });
      return undefined;
    });
    const { code, out } = await cli.run(["ops", "events", OPERATION, "--follow"]);
    expect(code).toBe(0);
    expect(out).toContain("ready - Ready");
    expect(out).toContain("end         succeeded");
  });
});

describe("onvera api", () => {
  it("sends any request, signed in, and prints the answer as it is", async () => {
    for (const path of ["/api/v1/deployments", "/v1/deployments", "deployments"]) {
      const { code, out } = await cli.run(["api", "GET", path]);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toEqual({ data: page([deployment()]) });
    }
  });

  it("sends a body and ends with the refusal's exit code, the answer still printed", async () => {
    service.on("POST /deployments", ({ body }) => ({
      status: 409,
      error: { code: "RESOURCE_CONFLICT", message: String(Object.keys(body as object)) },
    }));
    const { code, out } = await cli.run(["api", "POST", "deployments", "-d", '{"app_type": "superset"}']);
    expect(code).toBe(5);
    expect(JSON.parse(out).error.message).toBe("app_type");
  });
});

describe("API keys", () => {
  it("prints a new key alone on standard output, this once", async () => {
    service.on("POST /api-keys", () => ({ status: 201, data: { ...apiKey, key: "onv_sk_live_new" } }));
    const { out, err } = await cli.run(["api-keys", "create", "ci", "--scope", "deployments:read", "--expires", "90d"]);
    expect(out).toBe("onv_sk_live_new\n");
    expect(err).toContain("shown once");
    expect(service.seen.at(-1)?.body).toMatchObject({ name: "ci", scopes: ["deployments:read"] });
  });

  it("refuses a scope there is none of", async () => {
    expect((await cli.run(["api-keys", "create", "ci", "--scope", "everything"])).code).toBe(2);
  });

  it("asks before it revokes", async () => {
    service.on("DELETE /api-keys/key_1", () => ({ data: apiKey }));
    expect((await cli.run(["api-keys", "revoke", "key_1"])).code).toBe(2);
    expect((await cli.run(["api-keys", "revoke", "key_1", "--yes"])).code).toBe(0);
  });
});
