import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { begin, finish, progress } from "../support/worker-hand.ts";
import { type Cli, createCli, type RunOptions } from "./cli-harness.ts";

let server: TestServer;
let cli: Cli;
let url: string;
let email: string;
let key: string;
const ending = new AbortController();
let hand: Promise<void>;

const PASSWORD = "correct horse battery";

beforeAll(async () => {
  server = await startTestServer();
  const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
  url = `http://127.0.0.1:${port}`;
  const { organizationId } = await server.addOrganization("Acme");
  const person = await server.addUser({ organizationId, role: "owner", password: PASSWORD, isOperator: true });
  email = person.email;
  key = (await server.addKey({ organizationId, userId: person.userId })).key;
  cli = createCli(url);
  hand = carryOut();
});

afterAll(async () => {
  ending.abort();
  await hand;
  cli.remove();
  await server.close();
});

/** Stands in for a worker: takes what is queued and brings it to a good end. */
async function carryOut(): Promise<void> {
  while (!ending.signal.aborted) {
    const queued = await server.store.asPlatform((db) =>
      db.selectFrom("operations").select(["id", "type"]).where("status", "=", "queued").execute(),
    );
    for (const { id, type } of queued) {
      await begin(server.store, id);
      if (type === "deployment.destroy") await progress(server.store, id, "revoking_access", "Revoking user access");
      else await progress(server.store, id, "provisioning_db", "Provisioning database");
      await wait(400, undefined, { signal: ending.signal }).catch(() => undefined);
      const result = type === "deployment.plan" ? { changes: [], summary: {}, data_loss: [] } : {};
      await finish(server.store, id, { result, receipt: [], outputs: { url: "http://x" } });
    }
    await wait(50, undefined, { signal: ending.signal }).catch(() => undefined);
  }
}

const run = (line: string[], options: RunOptions = {}) =>
  cli.run(line, { ...options, env: { ONVERA_API_URL: url, ONVERA_API_KEY: key, ...options.env } });

describe("the CLI against the real service", () => {
  it("signs in by browser in the documented lines, let in by another command line (ON-18)", async () => {
    const alone = createCli(undefined);
    const waiting = alone.run(["auth", "login", "--browser", "--api-url", url]);
    const login = await vi.waitUntil(
      () =>
        server.store.asPlatform((db) =>
          db.selectFrom("cli_logins").selectAll().where("status", "=", "pending").executeTakeFirst(),
        ),
      { timeout: 30_000 },
    );
    const approved = await run(["auth", "approve", `${url}/cli-login/${login.id}`, "--yes"]);
    expect(approved).toMatchObject({ code: 0, out: `'${login.client}' is let in.\n` });
    const { code, out, err } = await waiting;
    expect({ code, out }).toEqual({
      code: 0,
      out: [
        "Opening browser for authentication...",
        "Waiting for approval...",
        "✓ Authentication successful!",
        "API key stored in ~/.config/onvera/config.json",
        "",
      ].join("\n"),
    });
    expect(err).toContain(`${url}/cli-login/${login.id}`);
    expect(err).toContain(login.code);
    expect((await alone.run(["whoami", "--api-url", url])).out).toContain(email);
    alone.remove();
  });

  it("Ctrl+C while it waits signs nobody in (ON-18)", async () => {
    const alone = createCli(undefined);
    const stopped = await alone.run(["auth", "login", "--browser", "--api-url", url], { interruptAt: "Waiting for" });
    expect(stopped.code).toBe(130);
    expect((await alone.run(["whoami", "--api-url", url])).err).toContain("not authenticated");
    alone.remove();
  });

  it("signs in with a password and works with the key it got (ON-17, ON-18)", async () => {
    const alone = createCli(undefined);
    const login = await alone.run(["auth", "login", "--email", email, "--api-url", url], { input: PASSWORD });
    expect(login).toMatchObject({ code: 0, err: "" });
    const me = await alone.run(["whoami", "-o", "json"]);
    expect(JSON.parse(me.out)).toMatchObject({ kind: "api_key", user: { email }, role: "owner" });
    alone.remove();
  });

  it("refuses a wrong password with the service's own words", async () => {
    const { code, err } = await run(["auth", "login", "--email", email], {
      input: "wrong",
      env: { ONVERA_API_KEY: "" },
    });
    expect(code).toBe(4);
    expect(err).toContain("API error: Email or password is wrong");
  });

  it("takes a deployment through its whole life (ON-21, ON-24, ON-40, ON-46)", async () => {
    const deploy = await run(["deploy", "superset", "--name", "My Superset", "--feature-flag", "ALERT_REPORTS"]);
    expect(deploy).toMatchObject({ code: 0, err: "" });
    expect(deploy.out).toMatch(/Status: provisioning_db - Provisioning database \(\d+s elapsed\)\n/);
    expect(deploy.out).toMatch(/Status: succeeded - Deployment ready .*\n\nDeployment succeeded!\n/);
    const [, id = ""] = /Deployment ID: (dep_\S+)/.exec(deploy.out) ?? [];
    const [, operation = ""] = /Operation ID: (op_\S+)/.exec(deploy.out) ?? [];

    expect((await run(["list", "-q"])).out).toBe(`${id}\n`);
    expect(JSON.parse((await run(["get", "my superset", "-o", "json"])).out)).toMatchObject({ id, status: "ready" });
    expect((await run(["ops", "get", operation])).out).toContain("Status:        succeeded");
    expect((await run(["ops", "events", operation])).out).toContain("provisioning_db");
    expect((await run(["ops", "list", "--deployment", id, "-q"])).out).toContain(operation);
    expect((await run(["events", id])).code).toBe(0);
    for (const verb of ["health", "metrics", "resources", "outputs", "logs", "url"]) {
      expect({ verb, ...(await run([verb, id])) }).toMatchObject({ verb, code: 0 });
    }

    expect((await run(["plan", id, "--size", "medium"])).out).toBe("Nothing would change.\n");
    expect((await run(["update", id, "--size", "medium", "--env", "A=1", "--yes"])).code).toBe(0);
    expect((await run(["update", id, "--name", "Renamed"])).out).toContain(`Renamed ${id}.`);
    for (const line of [
      ["stop", id],
      ["start", id],
      ["restart", id],
      ["scale", id, "web=2"],
    ]) {
      expect({ line, ...(await run(line)) }).toMatchObject({ line, code: 0 });
    }
    expect(JSON.parse((await run(["get", id, "-o", "json"])).out)).toMatchObject({
      name: "Renamed",
      settings: { size: "medium", environment_variables: { A: "1" }, replicas: { web: 2 } },
    });

    expect((await run(["protect", id])).code).toBe(0);
    expect((await run(["destroy", id, "--force"])).code).toBe(5);
    expect((await run(["unprotect", id, "--confirm-name", "wrong"])).code).toBe(2);
    expect((await run(["unprotect", id, "--confirm-name", "Renamed"])).code).toBe(0);

    const destroy = await run(["destroy", id, "--force"]);
    expect(destroy).toMatchObject({ code: 0, err: "" });
    expect(destroy.out).toMatch(
      /^Destroying deployment dep_\S+\.\.\.\nOperation ID: op_\S+\nPolling for completion\.\.\.\n/,
    );
    expect(destroy.out).toMatch(
      /Status: succeeded - Destruction complete \(\d+s elapsed\)\n\nDestruction succeeded!\n$/,
    );
    expect((await run(["receipt", id])).code).toBe(0);
    expect((await run(["list", "-q"])).out).toBe("");
    expect((await run(["list", "--destroyed", "-q"])).out).toBe(`${id}\n`);
    expect((await run(["destroy", id, "--force"])).code).toBe(5);
  });

  it("syncs the DAGs of an Airflow", async () => {
    const deploy = await run([
      "deploy",
      "airflow",
      "--name",
      "etl",
      "--dags-git",
      "https://example.com/dags.git",
      "-q",
    ]);
    expect(deploy.code).toBe(0);
    expect((await run(["dags", "sync", "etl"])).code).toBe(0);
    expect((await run(["pulumi", "refresh", "--stack", deploy.out.trim()])).code).toBe(0);
  });

  it.each([
    ["environments", "list"],
    ["environments", "get", "env_default"],
    ["projects", "list"],
    ["organizations", "list"],
    ["clusters", "list"],
    ["workers", "list"],
    ["apps", "list"],
    ["api-keys", "list"],
    ["audit", "list"],
    ["auth", "whoami"],
    ["version"],
    ["ping"],
    ["ping", "--keys"],
    ["api", "GET", "deployments"],
  ])("%s %s %s works", async (...line) => {
    expect(await run(line)).toMatchObject({ code: 0 });
  });

  it("makes, shows and revokes API keys; a revoked one is refused at once", async () => {
    const created = await run(["api-keys", "create", "ci", "--scope", "deployments:read", "-o", "json"]);
    const { id, key: secret } = JSON.parse(created.out);
    const env = { ONVERA_API_KEY: secret };
    expect((await run(["list"], { env })).code).toBe(0);
    const refused = await run(["deploy", "superset"], { env });
    expect(refused.code).toBe(4);
    expect(refused.err).toContain("API error: Insufficient scope. Required: deployments:write");
    expect((await run(["api-keys", "revoke", id, "--yes"])).code).toBe(0);
    expect((await run(["list"], { env })).err).toContain("API error: API key has been revoked");
  });

  it("adds organizations and environments as the operator", async () => {
    const organization = await run(["organizations", "create", "Second", "-o", "json"]);
    expect(organization.code).toBe(0);
    expect((await run(["organizations", "get", JSON.parse(organization.out).id])).code).toBe(0);
    const environment = await run(["environments", "create", "Production", "--isolation", "dedicated", "-q"]);
    expect(environment).toMatchObject({ code: 0 });
    expect((await run(["environments", "update", "env_default", "--name", "Mine"])).code).toBe(4);
    expect((await run(["environments", "delete", "env_default", "--force"])).code).toBe(4);
  });

  it("names the fields the service refuses", async () => {
    const { code, err } = await run(["deploy", "superset", "--name", "x".repeat(300)]);
    expect(code).toBe(2);
    expect(err).toContain("/name");
  });

  it("answers the documented 404 with exit code 3", async () => {
    for (const line of [
      ["get", "dep_550e8400-e29b-41d4-a716-446655440000"],
      ["ops", "get", "op_660e8400-e29b-41d4-a716-446655440001"],
    ]) {
      expect(await run(line)).toMatchObject({ code: 3 });
    }
  });
});
