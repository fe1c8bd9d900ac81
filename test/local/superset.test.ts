import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { answerQuestion, commandLine, expectNothingOf } from "../support/command-line.ts";
import { apiOf, expectDestroyed } from "../support/conformance/subject.ts";
import { conformingSuperset } from "../support/conformance/superset.ts";
import { followCommand } from "../support/followed-command.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";
import { accessTo, entriesOf, type InstallationAccess, processesNaming } from "../support/installation-access.ts";
import { openSupersetApi, pageFacts, signInByForm } from "../support/superset-client.ts";
import { until } from "../support/until.ts";
import { makeWarehouse } from "../support/warehouse.ts";
import { expectWholePage, openSession } from "../support/web-session.ts";

/** One Superset through its whole life, by the real launcher and command line, as a person would use it. */
describe("a real Superset", () => {
  let installation: Installation;
  let access: InstallationAccess;
  let id = "";
  let url = "";
  let password = "";
  let databaseOid: unknown;

  const { onvera, data } = commandLine(() => installation);
  const page = async (to = "/login/") => openSession(url).ask(to);
  const database = () => `ov_${id.slice(4).replaceAll("-", "")}`;
  const oid = async () => (await access.query("SELECT oid FROM pg_database WHERE datname = $1", [database()]))[0]?.oid;
  const api = () => openSupersetApi(openSession(url), "admin", password);
  const webProcesses = () => processesNaming(id).filter((pid) => entriesOf(pid, "cmdline").includes("gunicorn"));

  beforeAll(() => {
    installation = makeInstallation();
  });
  afterAll(() => installation?.remove());

  it("is deployed by one command that tells both ids at once, the phases in order, and where to go (ON-31 to ON-36, ON-40 to ON-43)", async () => {
    const command = followCommand(
      installation.spawnOnvera(["deploy", "superset", "--name", "My Superset", "--version", "6.0.0"]),
    );
    id = await command.said(/^Deployment ID: (dep_\S+)$/m);
    const operation = await command.said(/^Operation ID: (op_\S+)$/m);
    access = accessTo(installation);
    const early = await access.call("GET", `deployments/${id}`);
    expect(early.body.data).toMatchObject({
      status: "provisioning",
      url: null,
      name: "My Superset",
      app_type: "superset",
    });
    expect(await command.ended, command.output()).toBe(0);

    const output = command.output();
    const shown = [...output.matchAll(/^Status: (\w+) - .+ \(.+ elapsed\)$/gm)].map((match) => match[1]);
    const order = [
      "initializing",
      "provisioning_db",
      "provisioning_infra",
      "bootstrapping_app",
      "configuring_subdomain",
      "ready",
    ];
    expect(shown.filter((word) => word !== "checking_health")).toEqual([...order, "succeeded"]);
    const events = await data("ops", "events", operation);
    const phases = events.items.filter((event: { type: string }) => event.type === "phase");
    const seen = phases.map((event: { data: { phase: string } }) => event.data.phase);
    expect(seen.filter((phase: string) => phase !== "checking_health")).toEqual(order);
    const deployment = await data("get", id);
    url = deployment.url;
    expect(output).toMatch(new RegExp(`^URL: +${url}$`, "m"));
    expect(output).toMatch(/^User: +admin$/m);
    expect(output).toMatch(new RegExp(`^Password: +onvera credentials ${id}$`, "m"));
    expect(deployment).toMatchObject({ status: "ready", health: "healthy" });
    expect(url).toMatch(/^http:\/\/my-superset-[a-z0-9]{6}\.localhost:\d+$/);
    databaseOid = await oid();
  });

  it("answers at its URL with its login page and every file of it, by http and by https with the local CA (ON-36, ON-44)", async () => {
    const secure = new URL(url);
    secure.protocol = "https:";
    secure.port = String(access.settings.gatewayHttpsPort);
    for (const session of [openSession(url), openSession(secure.href, access.authority())]) {
      await expectWholePage(session, "/login/");
    }
  });

  it("lets its admin in by the login form and runs the admin's SQL (ON-27, ON-36)", async () => {
    const credentials = await data("credentials", id);
    password = credentials.password;
    expect(credentials.username).toBe("admin");
    const session = openSession(url);
    await signInByForm(session, "admin", password);
    expect((await session.ask("/api/v1/me/")).json().result.username).toBe("admin");
    expect((await session.ask("/superset/welcome/")).status).toBe(200);
    const stranger = openSession(url);
    await signInByForm(stranger, "admin", "wrong");
    expect((await stranger.ask("/api/v1/me/")).status).toBe(401);

    const superset = await api();
    const source = await superset.createDatabase("warehouse", await makeWarehouse(access));
    expect(await superset.runSql(source, "SELECT sum(pieces) AS total FROM sales")).toEqual([{ total: 42 }]);
    await superset.createDashboard("Sales");
  });

  it("shows logs past and live, health, metrics, resources, outputs, events (ON-15, ON-23)", async () => {
    const past = await data("logs", id, "--process", "web", "--tail", "50");
    expect(past.items.length).toBeGreaterThan(0);
    expect(new Set(past.items.map((line: { process: string }) => line.process))).toEqual(new Set(["web"]));
    const all = await data("logs", id, "--tail", "1000");
    expect(new Set(all.items.map((line: { process: string }) => line.process))).toContain("job-bootstrap");
    const child = installation.spawnOnvera(["logs", id, "--follow", "--tail", "0"]);
    const follower = followCommand(child);
    // Superset logs each request that needs a session; asked until the follower has connected and seen one.
    const asking = setInterval(() => void page("/api/v1/security/login").catch(() => undefined), 300);
    try {
      await follower.said(/web\.0 .+/);
    } finally {
      clearInterval(asking);
    }
    child.kill("SIGINT");
    await follower.ended;

    expect((await data("health", id)).status).toBe("healthy");
    const metrics = await data("metrics", id);
    expect(metrics.processes).toMatchObject([{ name: "web", replica: 0, restarts: 0 }]);
    expect(metrics.processes[0].cpu_seconds).toBeGreaterThan(0);
    expect(metrics.processes[0].memory_bytes).toBeGreaterThan(50 * 2 ** 20);
    expect(metrics.gateway.requests).toBeGreaterThan(40);
    const tree = (await onvera("resources", id)).stdout;
    const below = (component: string, part: string) =>
      new RegExp(`^onvera:deployment:${component} .*\\n(?:[├└│ ].*\\n)*.* ${part} `, "m");
    expect(tree).toMatch(below("Database", "database-db"));
    expect(tree).toMatch(below("Compute", "compute-process-web"));
    expect(tree).toMatch(below("Network", "network-identity"));
    expect(tree).toMatch(below("Dns", "dns-route"));
    expect((await onvera("outputs", id, "url")).stdout.trim()).toBe(url);
    expect((await onvera("outputs", id)).stdout).not.toContain(password);
    expect((await data("events", id)).items.length).toBeGreaterThan(10);
    const raw = JSON.parse((await onvera("api", "GET", `deployments/${id}`)).stdout);
    expect(raw.data.id).toBe(id);
  });

  it("plans updates and the destroy with + ~ - and changes nothing by it (ON-47)", async () => {
    expect((await onvera("plan", id)).stdout).toContain("Nothing would change.");
    const update = (await onvera("plan", id, "--version", "6.1.0")).stdout;
    expect(update).toMatch(/^~ onvera:local:Package +compute-package +\(changes: lock\)$/m);
    expect(update).not.toContain("database-db");
    const destroy = (await onvera("plan", id, "--destroy")).stdout;
    expect(destroy).toMatch(/^- postgresql:index\/database:Database +database-db +\(holds data\)$/m);
    expect(destroy).toContain("DATA WOULD BE LOST");
    expect((await data("get", id)).revision).toEqual({ wanted: 1, applied: 1 });
    const unasked = await installation.onvera(["update", id, "--size", "medium"]);
    expect(unasked.code).not.toBe(0);
    expect(unasked.stderr).toContain("--yes");
  });

  it("goes to the next version with its data, its address and the very same database (ON-21)", async () => {
    await onvera("update", id, "--version", "6.1.0", "--yes");
    expect(await data("get", id)).toMatchObject({
      status: "ready",
      url,
      settings: { version: "6.1.0" },
      conditions: [],
    });
    expect(await oid()).toBe(databaseOid);
    expect(await (await api()).dashboardTitles()).toEqual(["Sales"]);
    expect(await access.query("SELECT datname FROM pg_database WHERE datname ~ $1", [`^${database()}_`])).toEqual([]);
    const back = await installation.onvera(["update", id, "--version", "6.0.0", "--yes"]);
    expect(back.code).not.toBe(0);
    expect(back.stderr).toContain("cannot go from 6.1.0 to 6.0.0");
  });

  it("takes environment variables, feature flags, configuration, size and extra packages in one update (ON-19, ON-20)", async () => {
    const changes = "--env GREETING=hello --feature-flag ALERT_REPORTS --config DEFAULT_SQLLAB_LIMIT=77 --size medium";
    await onvera("update", id, ...changes.split(" "), "--requirements", "iniconfig==2.0.0", "--yes");
    const facts = pageFacts((await page()).body);
    expect(facts.conf.DEFAULT_SQLLAB_LIMIT).toBe(77);
    expect(facts.feature_flags.ALERT_REPORTS).toBe(true);
    const [web] = webProcesses();
    expect(entriesOf(web ?? 0, "environ")).toContain("GREETING=hello");
    const [python = "", ...command] = entriesOf(web ?? 0, "cmdline");
    expect(command.join(" ")).toContain("--workers 2");
    const seen = execFileSync(python, ["-c", "import iniconfig, superset; print(iniconfig.__file__)"], {
      encoding: "utf8",
    });
    expect(seen).toContain(id);
    expect(await (await api()).dashboardTitles()).toEqual(["Sales"]);
    expect((await onvera("plan", id)).stdout).toContain("Nothing would change.");
  });

  it("names the requirement that cannot be had, who must act, and goes on serving (ON-19, ON-39)", async () => {
    const conflict = await installation.onvera(["update", id, "--requirements", "flask==1.0", "--yes"]);
    expect(conflict.code).toBe(1);
    expect(conflict.stderr).toContain("flask==1.0");
    expect(conflict.stderr).toContain("Who acts: you");
    expect((await page()).status).toBe(200);
    expect(await data("get", id)).toMatchObject({
      status: "ready",
      settings: { requirements: ["iniconfig==2.0.0"] },
      conditions: [{ type: "update_failed" }],
    });
    expect((await onvera("get", id)).stdout).toContain("update_failed");
  });

  conformingSuperset(() => ({
    id,
    request: access.request,
    browser: async () => openSession(url),
    running: async () => webProcesses().map(String),
    kill: async (pid) => void process.kill(Number(pid), "SIGKILL"),
    databaseUrl: async () => access.appSecret(id, "database_url"),
  }));

  it("restarts without cutting a request off (ON-24)", async () => {
    await access.query("CREATE VIEW patience AS SELECT 7 AS seven FROM pg_sleep(5)", [], "warehouse");
    await access.query("GRANT SELECT ON patience TO warehouse", [], "warehouse");
    const slow = (await api()).runSql(1, "SELECT seven FROM patience");
    const running = "SELECT 1 FROM pg_stat_activity WHERE usename = 'warehouse' AND state = 'active'";
    await Promise.race([slow, until(async () => (await access.query(running)).length > 0, "the query runs")]);
    const [before] = webProcesses();
    await Promise.all([onvera("restart", id), expect(slow).resolves.toEqual([{ seven: 7 }])]);
    expect(webProcesses()).not.toContain(before);
    expect((await page()).status).toBe(200);
  });

  it("says at its address how to start it while it is stopped (TN-5)", async () => {
    await onvera("stop", id);
    const stopped = await page("/");
    expect(stopped.status).toBe(503);
    expect(stopped.body).toContain(`onvera start ${id}`);
  });

  it("protects a deployment, asks before it destroys one, and leaves a tombstone, a receipt and nothing else (ON-46, ON-47, TN-4, NH-01)", async () => {
    await onvera("protect", id);
    const refused = await installation.onvera(["destroy", id, "--force"]);
    expect(refused.code).toBe(5);
    expect(refused.stderr).toContain(`onvera unprotect ${id}`);
    expect((await installation.onvera(["unprotect", id, "--confirm-name", "Other"])).code).not.toBe(0);
    await onvera("unprotect", id, "--confirm-name", "My Superset");

    const question = new RegExp(`Are you sure you want to destroy deployment ${id}\\? \\(y/N\\): `);
    const answered = (answer: string) => answerQuestion(installation, ["destroy", id], { question, answer });
    await answered("\n");
    expect((await data("get", id)).status).toBe("ready");
    expect(await answered("y\n")).toContain("Destruction succeeded!");

    await expectDestroyed(apiOf(access), id);
    expect((await data("list", "--destroyed")).items).toHaveLength(1);
    await expectNothingOf(id, installation, access);
    expect((await page("/")).status).toBe(404);
    expect((await installation.onvera(["start", id])).code).not.toBe(0);
  });
});
