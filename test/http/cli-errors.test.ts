import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Cli, createCli } from "./cli-harness.ts";
import { DEPLOYMENT, inPhase, KEY, OPERATION, type Service, startService } from "./cli-service.ts";

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

describe("documented failures", () => {
  it("says how to sign in where there is no key", async () => {
    const stranger = createCli(undefined);
    const { code, out, err } = await stranger.run(["list", "--api-url", service.url]);
    expect({ code, out, err }).toEqual({ code: 4, out: "", err: "not authenticated. Run 'onvera auth login' first\n" });
    stranger.remove();
  });

  it.each([
    [401, "INVALID_API_KEY", "Invalid API key", 4],
    [401, "API_KEY_EXPIRED", "API key has expired", 4],
    [403, "INSUFFICIENT_SCOPE", "Insufficient scope. Required: deployments:write", 4],
    [404, "DEPLOYMENT_NOT_FOUND", "Deployment not found", 3],
    [400, "INVALID_REQUEST", "Invalid app_type. Must be 'airflow' or 'superset'", 2],
    [409, "RESOURCE_CONFLICT", "Deployment is already being destroyed", 5],
    [500, "INTERNAL_ERROR", "An internal error occurred", 1],
  ])("%d %s: 'API error: %s', exit code %d", async (status, code, message, exitCode) => {
    service.on(`GET /deployments/${DEPLOYMENT}`, () => ({ status, error: { code, message, request_id: "req_7" } }));
    const ran = await cli.run(["get", DEPLOYMENT]);
    expect(ran.code).toBe(exitCode);
    expect(ran.err.split("\n")[0]).toBe(`API error: ${message}`);
    expect(ran.err).toContain("request id: req_7");
    expect(ran.out).toBe("");
  });

  it("names the operation that stands in the way", async () => {
    const error = { code: "RESOURCE_CONFLICT", message: "Another operation is running", operation_id: OPERATION };
    service.on(`POST /deployments/${DEPLOYMENT}/restart`, () => ({ status: 409, error }));
    const { code, err } = await cli.run(["restart", DEPLOYMENT]);
    expect(code).toBe(5);
    expect(err).toContain(`onvera ops wait ${OPERATION}`);
  });

  it("names the fields that are wrong", async () => {
    const fields = [{ pointer: "/name", message: "A name has at most 100 characters." }];
    const error = { code: "VALIDATION_ERROR", message: "The request body is not valid", fields };
    service.on("POST /deployments", () => ({ status: 400, error }));
    const { code, err } = await cli.run(["deploy", "superset", "--name", "x".repeat(300)]);
    expect(code).toBe(2);
    expect(err).toContain("/name: A name has at most 100 characters.");
  });

  it("stands an answer that is no JSON", async () => {
    service.on("GET /deployments", () => ({ status: 502, raw: "<html>Bad Gateway</html>" }));
    const { code, err } = await cli.run(["list"]);
    expect({ code, line: err.split("\n")[0] }).toEqual({ code: 1, line: "API error: the service answered 502" });
  });

  it("says that nothing listens there, and what to do", async () => {
    await service.close();
    const { code, err } = await cli.run(["list"]);
    expect(code).toBe(1);
    expect(err).toContain(`Cannot reach the Onvera API at ${service.url}: nothing listens there.`);
    expect(err).toContain("onvera start");
    service = await startService();
  });

  it("waits as long as the service says, then goes on", async () => {
    let asked = 0;
    service.on("GET /deployments", () => {
      asked += 1;
      const error = { code: "RATE_LIMIT_EXCEEDED", message: "Rate limit exceeded. Please retry after 1 seconds" };
      return asked === 1
        ? { status: 429, error, headers: { "Retry-After": "1" } }
        : { data: { items: [], pagination: { page: 1, per_page: 50, total: 0, pages: 0, next_cursor: null } } };
    });
    expect((await cli.run(["list"])).code).toBe(0);
    expect(asked).toBe(2);
  });
});

describe("a failed operation (NH-09)", () => {
  const error = {
    code: "BOOTSTRAP_FAILED",
    message: "The migration ended with exit code 1.",
    cause: "user_config" as const,
    retryable: false,
    owner: "customer" as const,
    next_step: "Remove the requirement 'pandas<1' and try again.",
    phase: "bootstrapping_app",
    resource: { urn: "urn:pulumi:dep::onvera::onvera:local:Job::migrate", type: "onvera:local:Job" },
    last_log_lines: ["line 1", "ImportError: pandas"],
  };

  it("shows cause, owner, phase, resource, the last log lines and the next step, and ends with 1", async () => {
    service.operation([inPhase("bootstrapping_app", "Bootstrapping application"), { status: "failed", error }]);
    const { code, out, err } = await cli.run(["deploy", "superset"]);
    expect(code).toBe(1);
    expect(out).toContain("Status: failed - The migration ended with exit code 1.");
    for (const part of [
      "Deployment failed: The migration ended with exit code 1.",
      "bootstrapping_app",
      "onvera:local:Job",
      "user_config",
      "Who acts: you",
      "ImportError: pandas",
      "→ Remove the requirement 'pandas<1' and try again.",
      `onvera destroy ${DEPLOYMENT}`,
    ]) {
      expect(err).toContain(part);
    }
  });

  it("ends with 1 when the operation was canceled", async () => {
    service.operation([{ status: "canceled", progress: { phase: "initializing", message: "" } }]);
    const { code, err } = await cli.run(["ops", "wait", OPERATION]);
    expect(code).toBe(1);
    expect(err).toContain("Deployment was canceled.");
  });

  it("gives the whole error as JSON", async () => {
    service.operation([{ status: "failed", error }]);
    const { code, out } = await cli.run(["ops", "wait", OPERATION, "-o", "json"]);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ error });
  });
});

describe("bad command lines end with 2 and touch nothing", () => {
  it.each([
    [["deploy"], "missing required argument 'app'"],
    [["deploy", "mysql"], "Allowed choices are airflow, superset"],
    [["deploy", "superset", "--size", "huge"], "Allowed choices are small, medium, large"],
    [["deploy", "superset", "--env", "A"], "--env 'A' is not of the form KEY=VALUE"],
    [["deploy", "superset", "--config", "A=text"], "is not JSON"],
    [["deploy", "superset", "--feature-flag", "A=perhaps"], "the value is true or false"],
    [["deploy", "superset", "--timeout", "soon"], "is not a length of time"],
    [["deploy", "superset", "--dags-git", "https://x/y"], "are for airflow, not superset"],
    [["deploy", "superset", "--executor", "celery"], "are for airflow, not superset"],
    [["deploy", "airflow", "--executor", "dask"], "Allowed choices are local, kubernetes, celery"],
    [["deploy", "airflow", "--dags-branch", "x"], "need --dags-git"],
    [["deploy", "superset", "--requirements", "/nowhere/requirements.txt"], "cannot be read"],
    [["deplyo", "superset"], "Did you mean deploy?"],
    [["list", "--stauts", "ready"], "Did you mean --status?"],
    [["scale", DEPLOYMENT, "web"], "not of the form KEY=VALUE"],
    [["scale", DEPLOYMENT, "web=many"], "is not a whole number"],
    [["update", DEPLOYMENT], "There is nothing to change."],
    [["api", "FETCH", "/api/v1/deployments"], "is no HTTP method"],
    [["api", "GET", "https://elsewhere.example.com/api/v1/deployments"], "Give the path only"],
    [["list", "--context", "none"], "There is no context 'none'."],
    [["list", "-o", "xml"], "Allowed choices are table, json, yaml, name"],
  ])("%j", async (line, message) => {
    const { code, out, err } = await cli.run(line as string[]);
    expect(err).toContain(message);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(service.seen.every(({ method }) => method === "GET")).toBe(true);
  });

  it("needs --yes for an update without a terminal", async () => {
    const { code, err } = await cli.run(["update", DEPLOYMENT, "--size", "large"]);
    expect(code).toBe(2);
    expect(err).toContain("Add --yes to confirm.");
  });
});

describe("names", () => {
  it("finds a deployment by its name and by its host label", async () => {
    for (const reference of ["my superset", "my-superset-abc123"]) {
      const { code, out } = await cli.run(["get", reference, "-q"]);
      expect({ code, out }).toEqual({ code: 0, out: `${DEPLOYMENT}\n` });
    }
  });

  it("asks for the id where several carry the name", async () => {
    const twins = [DEPLOYMENT, DEPLOYMENT.replace("550e", "660e")].map((id) => ({ ...twin, id }));
    service.on("GET /deployments", () => ({
      data: { items: twins, pagination: { page: 1, per_page: 100, total: 2, pages: 1, next_cursor: null } },
    }));
    const { code, err } = await cli.run(["get", "twin"]);
    expect(code).toBe(2);
    expect(err).toContain("2 deployments are called 'twin'.");
    expect(err).toContain(DEPLOYMENT);
  });

  it("answers the documented 404 for a name nobody has", async () => {
    const { code, err } = await cli.run(["get", "nobody"]);
    expect(code).toBe(3);
    expect(err).toContain("API error: Deployment not found");
  });

  const twin = { name: "twin", app_type: "airflow", status: "ready", url: null };
});

describe("keys", () => {
  it("shows no key in --debug", async () => {
    const { err } = await cli.run(["list", "--debug"]);
    expect(err).toContain("debug: GET");
    expect(err).not.toContain(KEY);
  });
});
