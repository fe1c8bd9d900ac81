import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Cli, createCli } from "./cli-harness.ts";
import {
  DEPLOYMENT,
  deployment,
  inPhase,
  KEY,
  OPERATION,
  operation,
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

const destroyStates = [
  inPhase("revoking_access", "Revoking user access"),
  inPhase("removing_db_tenant", "Removing database tenant"),
  inPhase("tearing_down_infra", "Tearing down infrastructure"),
  { type: "deployment.destroy" as const, status: "succeeded" as const },
];

/** Elapsed times depend on the clock; everything else is compared to the letter. */
const timeless = (text: string) => text.replace(/\((?:\d+h )?(?:\d+m )?\d+[sm] elapsed\)/g, "(… elapsed)");

describe("onvera destroy prints the documented lines (ON-46)", () => {
  const lines = [
    `Destroying deployment ${DEPLOYMENT}...`,
    `Operation ID: ${OPERATION}`,
    "Polling for completion...",
    "Press Ctrl+C to stop polling (destruction will continue)",
    "Status: revoking_access - Revoking user access (… elapsed)",
    "Status: removing_db_tenant - Removing database tenant (… elapsed)",
    "Status: tearing_down_infra - Tearing down infrastructure (… elapsed)",
    "Status: succeeded - Destruction complete (… elapsed)",
    "",
    "Destruction succeeded!",
    "",
  ].join("\n");

  it("asks first, with No as default, and then follows to the end", async () => {
    service.operation(destroyStates);
    const { code, out, err } = await cli.run(["destroy", DEPLOYMENT], { typed: ["y"] });
    expect(err).toBe(`Are you sure you want to destroy deployment ${DEPLOYMENT}? (y/N): `);
    expect(timeless(out)).toBe(lines);
    expect(code).toBe(0);
  });

  it("does not ask with --force", async () => {
    service.operation(destroyStates);
    const { code, out, err } = await cli.run(["destroy", DEPLOYMENT, "--force"]);
    expect(err).toBe("");
    expect(timeless(out)).toBe(lines);
    expect(code).toBe(0);
  });

  it("shows the id with its prefix when a bare UUID was given", async () => {
    const { out } = await cli.run(["destroy", DEPLOYMENT.slice(4), "--force"]);
    expect(out).toContain(`Destroying deployment ${DEPLOYMENT}...`);
  });

  it("goes on with a blocked destroy without asking again, and never begins one (TN-11)", async () => {
    const blocked = deployment({ status: "destroying" });
    service.on(`GET /deployments/${DEPLOYMENT}`, () => ({ data: blocked }));
    service.operation(destroyStates);
    expect((await cli.run(["destroy", DEPLOYMENT, "--retry"])).code).toBe(0);
    expect(service.seen.filter(({ method }) => method === "DELETE")).toHaveLength(1);
    service.on(`GET /deployments/${DEPLOYMENT}`, () => ({ data: deployment() }));
    const { code, err } = await cli.run(["destroy", DEPLOYMENT, "--retry"]);
    expect(code).toBe(5);
    expect(err).toContain(`there is no destroy to go on with`);
    expect(service.seen.filter(({ method }) => method === "DELETE")).toHaveLength(1);
  });

  it.each(["", "n", "no", "N", "yess"])("destroys nothing when the answer is %j", async (answer) => {
    const { code, out, err } = await cli.run(["destroy", DEPLOYMENT], { typed: [answer] });
    expect(service.seen.filter(({ method }) => method === "DELETE")).toEqual([]);
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toContain("Nothing was destroyed.");
  });

  it("fails without a terminal, naming the flag, before anything is asked of the service", async () => {
    const { code, err } = await cli.run(["destroy", DEPLOYMENT], { input: "y\n" });
    expect(code).toBe(2);
    expect(err).toContain("Add --force to confirm.");
    expect(service.seen).toEqual([]);
  });

  it("wants the name of a protected deployment typed", async () => {
    service.on(`GET /deployments/${DEPLOYMENT}`, () => ({ data: deployment({ protected: true }) }));
    service.on(`PATCH /deployments/${DEPLOYMENT}`, () => ({ data: deployment() }));
    service.operation(destroyStates);
    const wrong = await cli.run(["destroy", DEPLOYMENT], { typed: ["my superset"] });
    expect(wrong.code).toBe(5);
    expect(service.seen.some(({ method }) => method !== "GET")).toBe(false);
    const right = await cli.run(["destroy", DEPLOYMENT], { typed: ["My Superset"] });
    expect(right.code).toBe(0);
    expect(service.seen.find(({ method }) => method === "PATCH")?.body).toEqual({
      protected: false,
      confirm_name: "My Superset",
    });
  });

  it("does not let --force pass a protected deployment", async () => {
    service.on(`GET /deployments/${DEPLOYMENT}`, () => ({ data: deployment({ protected: true }) }));
    const { code, err } = await cli.run(["destroy", DEPLOYMENT, "--force"]);
    expect(code).toBe(5);
    expect(err).toContain(`onvera unprotect ${DEPLOYMENT}`);
    expect(service.seen.some(({ method }) => method === "DELETE")).toBe(false);
  });
});

describe("onvera deploy (ON-41, ON-42)", () => {
  const states = [
    inPhase("initializing", "Initializing"),
    inPhase("provisioning_db", "Provisioning database"),
    inPhase("ready", "Ready"),
    { status: "succeeded" as const },
  ];

  it('works as documented: onvera deploy superset --name "My Superset"', async () => {
    service.operation(states);
    const { code, out, err } = await cli.run(["deploy", "superset", "--name", "My Superset"]);
    expect(timeless(out)).toBe(
      [
        "Deploying superset...",
        `Deployment ID: ${DEPLOYMENT}`,
        `Operation ID: ${OPERATION}`,
        "Polling for completion...",
        "Press Ctrl+C to stop polling (deployment will continue)",
        "Status: initializing - Initializing (… elapsed)",
        "Status: provisioning_db - Provisioning database (… elapsed)",
        "Status: ready - Ready (… elapsed)",
        "Status: succeeded - Deployment ready (… elapsed)",
        "",
        "Deployment succeeded!",
        "",
        "URL:       http://my-superset-abc123.localhost:7680",
        "User:      admin",
        `Password:  onvera credentials ${DEPLOYMENT}`,
        "",
      ].join("\n"),
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const created = service.seen.find(({ method }) => method === "POST");
    expect(created?.body).toEqual({ app_type: "superset", name: "My Superset" });
    expect(created?.headers).toMatchObject({ "x-api-key": KEY, "content-type": "application/json" });
  });

  it("works as documented: onvera deploy superset, the name left to the service", async () => {
    await cli.run(["deploy", "superset"]);
    expect(service.seen.find(({ method }) => method === "POST")?.body).toEqual({ app_type: "superset" });
  });

  it("prints one JSON document on standard output, and the talk beside it", async () => {
    service.operation(states);
    const { out, err } = await cli.run(["deploy", "superset", "-o", "json"]);
    expect(JSON.parse(out)).toMatchObject({ id: DEPLOYMENT, operation: { id: OPERATION, status: "succeeded" } });
    expect(err).toContain(`Operation ID: ${OPERATION}`);
  });

  it("returns at once with --no-wait, with both ids (ON-40)", async () => {
    const { code, out } = await cli.run(["deploy", "superset", "--no-wait", "-o", "json"]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ operation_id: OPERATION });
    expect(service.seen.some(({ path }) => path.includes("/operations/"))).toBe(false);
  });

  it("prints the deployment's id alone with --quiet", async () => {
    service.operation(states);
    expect(await cli.run(["deploy", "superset", "--quiet"])).toEqual({ code: 0, out: `${DEPLOYMENT}\n`, err: "" });
  });

  it("sends every setting as the API takes it", async () => {
    const flags = ["--version", "6.1.0", "--size", "medium", "--env", "A=1", "--env", "B=x=y", "--replicas", "web=2"];
    const more = [
      "--requirements",
      "pandas>=2.0",
      "--feature-flag",
      "ALERT_REPORTS",
      "--feature-flag",
      "DASHBOARD_RBAC=false",
    ];
    const rest = ["--config", "ROW_LIMIT=5000", "--environment", "env_default", "--protected", "--no-wait"];
    await cli.run(["deploy", "superset", ...flags, ...more, ...rest]);
    expect(service.seen.find(({ method }) => method === "POST")?.body).toEqual({
      app_type: "superset",
      environment_id: "env_default",
      protected: true,
      version: "6.1.0",
      size: "medium",
      replicas: { web: 2 },
      environment_variables: { A: "1", B: "x=y" },
      requirements: ["pandas>=2.0"],
      superset: { feature_flags: { ALERT_REPORTS: true, DASHBOARD_RBAC: false }, config: { ROW_LIMIT: 5000 } },
    });
  });

  it("sends where an Airflow runs its tasks", async () => {
    await cli.run(["deploy", "airflow", "--name", "etl", "--executor", "kubernetes", "--no-wait"]);
    expect(service.seen.find(({ method }) => method === "POST")?.body).toEqual({
      app_type: "airflow",
      name: "etl",
      airflow: { executor: "kubernetes" },
    });
  });

  it("sends the DAG repository of an Airflow", async () => {
    const git = ["--dags-git", "https://github.com/acme/dags", "--dags-branch", "main", "--dags-dir", "dags"];
    await cli.run(["deploy", "airflow", "--name", "etl", ...git, "--variable", "a=b", "--no-wait"]);
    expect(service.seen.find(({ method }) => method === "POST")?.body).toEqual({
      app_type: "airflow",
      name: "etl",
      airflow: {
        dags: { url: "https://github.com/acme/dags", branch: "main", subdirectory: "dags" },
        variables: { a: "b" },
      },
    });
  });
});

describe("following an operation (ON-26)", () => {
  it("stops following on Ctrl+C, says how to go on, and cancels nothing", async () => {
    service.operation([inPhase("initializing", "Initializing")]);
    const { code, err } = await cli.run(["deploy", "superset"], { interruptAt: "Status: initializing" });
    expect(code).toBe(130);
    expect(err).toContain("Stopped polling; the deployment continues.");
    expect(err).toContain(`onvera ops get ${OPERATION}`);
    expect(err).toContain(`onvera ops wait ${OPERATION}`);
    expect(err).toContain(`onvera ops cancel ${OPERATION}`);
    expect(service.seen.some(({ path }) => path.endsWith("/cancel"))).toBe(false);
  });

  it("ends with code 6 when the time is up, while the work goes on", async () => {
    service.operation([inPhase("initializing", "Initializing")]);
    const { code, err } = await cli.run(["deploy", "superset", "--timeout", "1s"]);
    expect(code).toBe(6);
    expect(err).toContain(`onvera ops wait ${OPERATION}`);
  });

  it("goes on through a service that is away for a moment", async () => {
    let reading = 0;
    service.on(`GET /operations/${OPERATION}`, (_request, response) => {
      reading += 1;
      if (reading <= 3) {
        response.destroy();
        return undefined;
      }
      return { data: { ...(reading > 4 ? { status: "succeeded" } : {}), ...operationIn(reading) } };
    });
    const { code, err } = await cli.run(["destroy", DEPLOYMENT, "--force"]);
    expect(code).toBe(0);
    expect(err).toContain("still trying");
    expect(err).toContain("The service is back.");
  });

  it("tells of a queue only when it lasts, with the service's reason", async () => {
    const waiting = {
      status: "queued" as const,
      progress: { phase: "", message: "Waiting for the node to come back" },
    };
    const destroyed = { type: "deployment.destroy" as const, status: "succeeded" as const };
    service.operation([waiting, destroyed]);
    expect((await cli.run(["destroy", DEPLOYMENT, "--force"])).out).not.toContain("Status: queued");
    const until = Date.now() + 3500;
    service.on(`GET /operations/${OPERATION}`, () => ({ data: operation(Date.now() < until ? waiting : destroyed) }));
    const { out } = await cli.run(["destroy", DEPLOYMENT, "--force"]);
    expect(out).toContain("Status: queued - Waiting for the node to come back (3s elapsed)\n");
  });

  it("redraws on a terminal and ends with the same lines", async () => {
    service.operation(destroyStates);
    const { out } = await cli.run(["destroy", DEPLOYMENT, "--force"], { isLive: true });
    expect(out).toContain("\r\u001b[2KStatus: removing_db_tenant");
    expect(timeless(out).split("\n")).toContain("\r\u001b[2KStatus: succeeded - Destruction complete (… elapsed)");
  });

  const operationIn = (reading: number) => ({
    id: OPERATION,
    type: "deployment.destroy",
    status: reading > 4 ? "succeeded" : "running",
    progress: { phase: "revoking_access", message: "Revoking user access" },
  });
});

describe("onvera ops get", () => {
  it("works as documented: onvera ops get op_…", async () => {
    service.operation([inPhase("provisioning_db", "Provisioning database")]);
    const { code, out } = await cli.run(["ops", "get", OPERATION]);
    expect(code).toBe(0);
    expect(out).toContain(`ID:            ${OPERATION}`);
    expect(out).toContain("Status:        running");
    expect(out).toContain("Phase:         provisioning_db");
  });

  it("gives the API's fields untouched as JSON", async () => {
    service.operation([{ status: "succeeded", ended_at: "2024-01-20T12:01:00Z" }]);
    const { out } = await cli.run(["ops", "get", OPERATION, "--output", "json"]);
    expect(JSON.parse(out)).toMatchObject({ id: OPERATION, status: "succeeded", ended_at: "2024-01-20T12:01:00Z" });
  });
});
