import { chownSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dagFile, openAirflowApi } from "../support/airflow-client.ts";
import { commandLine, expectNothingOf } from "../support/command-line.ts";
import { type GitServer, startGitServer } from "../support/git-server.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";
import { accessTo, entriesOf, type InstallationAccess, processesNaming } from "../support/installation-access.ts";
import { until } from "../support/until.ts";
import { openSession } from "../support/web-session.ts";

const components = ["api-server", "scheduler", "dag-processor", "triggerer"];

/** One Airflow through its whole life, by the real launcher and command line, as a person would use it. */
describe("a real Airflow", () => {
  let installation: Installation;
  let access: InstallationAccess;
  let git: GitServer;
  let id = "";
  let url = "";
  let password = "";
  let databaseOid: unknown;

  const { onvera, data } = commandLine(() => installation);
  const airflow = () => openAirflowApi(url, "admin", password);
  const database = () => `ov_${id.slice(4).replaceAll("-", "")}`;
  const oid = async () => (await access.query("SELECT oid FROM pg_database WHERE datname = $1", [database()]))[0]?.oid;

  beforeAll(async () => {
    git = await startGitServer();
    installation = makeInstallation({
      ONVERA_TEST_APPS: "1",
      ONVERA_PRIVATE_SOURCE_HOSTS: "localhost",
      GIT_SSL_CAINFO: git.authorityFile,
    });
  });
  afterAll(async () => {
    try {
      await installation?.remove();
    } finally {
      await git?.close();
    }
  });

  it("is deployed by one command, through its migrations and health checks, with all four components healthy (ON-33, ON-34, ON-36, ON-37, ON-41)", async () => {
    const { stdout } = await onvera("deploy", "airflow", "--name", "etl", "--version", "3.2.2");
    access = accessTo(installation);
    id = /^Deployment ID: (dep_\S+)$/m.exec(stdout)?.[1] ?? "";
    const operation = /^Operation ID: (op_\S+)$/m.exec(stdout)?.[1] ?? "";
    const { items } = await data("ops", "events", operation);
    const phases = items.filter((event: { type: string }) => event.type === "phase");
    const order = ["initializing", "provisioning_db", "provisioning_infra", "bootstrapping_app", "running_migrations"];
    order.push("checking_health", "configuring_subdomain", "ready");
    const seen = phases.map((event: { data: { phase: string } }) => event.data.phase);
    expect(seen).toEqual(order);
    const shown = [...stdout.matchAll(/^Status: (\w+) - .+ \(.+ elapsed\)$/gm)].map((match) => match[1]);
    expect(shown).toEqual([...order, "succeeded"]);
    url = (await data("get", id)).url;
    expect(stdout).toContain(url);
    const health = await data("health", id);
    expect(health.status).toBe("healthy");
    expect(health.processes.map(({ name }: { name: string }) => name).sort()).toEqual([...components].sort());
    password = (await data("credentials", id)).password;
    const own = await openSession(url).ask("/api/v2/monitor/health");
    const { metadatabase, scheduler, triggerer, dag_processor } = own.json();
    const states = [metadatabase, scheduler, triggerer, dag_processor].map(({ status }) => status);
    expect(states).toEqual(["healthy", "healthy", "healthy", "healthy"]);
    databaseOid = await oid();
  });

  it("runs a DAG that was put into its folder, triggered by Airflow's own API, and gives the task's log (ON-27)", async () => {
    const folder = path.join(installation.folder, "home", "deployments", id, "data");
    const { uid, gid } = statSync(folder);
    mkdirSync(path.join(folder, "dags"), { recursive: true });
    const file = path.join(folder, "dags", "by_hand.py");
    writeFileSync(file, dagFile("by_hand", "put here by hand"));
    for (const made of [path.dirname(file), file]) chownSync(made, uid, gid);
    const api = await airflow();
    const run = await api.run("by_hand");
    expect(run.state).toBe("success");
    expect(await api.taskLog("by_hand", run.id, "say")).toContain("put here by hand");
    const logs = await data("logs", id, "--tail", "2000");
    const said = new Set(logs.items.map((line: { process: string }) => line.process));
    for (const name of components) expect(said).toContain(name);
    const metrics = await data("metrics", id);
    expect(metrics.processes.map(({ name }: { name: string }) => name).sort()).toEqual([...components].sort());
  });

  it("keeps what Airflow says of itself: its scheduler's heartbeat and its tasks, beside each process's figures (issue 7.4)", async () => {
    interface Kept {
      metric: string;
      values: (number | null)[];
    }
    const history = async () => (await data("metrics", id, "--since", "1h")).series as Kept[];
    const last = (series: Kept[], wanted: string) =>
      series.find(({ metric }) => metric === wanted)?.values.findLast((value) => value !== null);
    const own = ["scheduler_heartbeat_age", "tasks_queued", "tasks_running", "tasks_failed"];
    await until(async () => {
      const series = await history();
      return own.every((metric) => typeof last(series, metric) === "number");
    }, "the figures that Airflow gives of itself are kept");
    const series = await history();
    expect(last(series, "scheduler_heartbeat_age")).toBeLessThan(60);
    expect(own.slice(1).map((metric) => last(series, metric))).toEqual([0, 0, 0]);
  });

  it("takes DAGs from a git repository, connections and variables in one update (ON-19, ON-20)", async () => {
    git.commit({ "flows/from_git.py": dagFile("from_git", "first commit"), "README.md": "DAGs" });
    const connections = path.join(installation.folder, "connections.json");
    writeFileSync(connections, JSON.stringify({ shop: "postgresql://reader:secret@db.example.org:5432/shop" }));
    const source = ["--dags-git", git.url, "--dags-dir", "flows"];
    await onvera("update", id, ...source, "--connections", connections, "--variable", "region=eu", "--yes");
    const api = await airflow();
    const run = await api.run("from_git");
    expect(run.state).toBe("success");
    expect(await api.taskLog("from_git", run.id, "say")).toContain("first commit");
    expect((await api.get("variables/region")).body.value).toBe("eu");
    expect((await api.get("connections/shop")).body).toMatchObject({ conn_type: "postgres", host: "db.example.org" });
    expect(JSON.stringify(await data("get", id))).not.toContain("reader:secret");
  });

  it("brings a new commit by a DAG sync, which is an operation (ON-16)", async () => {
    git.commit({
      "flows/from_git.py": dagFile("from_git", "second commit"),
      "flows/later.py": dagFile("later", "new"),
    });
    const { stdout } = await onvera("dags", "sync", id);
    const operation = /^Operation ID: (op_\S+)$/m.exec(stdout)?.[1] ?? "";
    expect(await data("ops", "get", operation)).toMatchObject({ type: "dag.sync", status: "succeeded" });
    const api = await airflow();
    expect((await api.run("later")).state).toBe("success");
    const run = await api.run("from_git");
    expect(await api.taskLog("from_git", run.id, "say")).toContain("second commit");
  });

  it("keeps its old DAGs when the repository cannot be fetched, and says so (TN-3)", async () => {
    const failed = await installation.onvera(["update", id, "--dags-git", `${git.url}-gone`, "--yes"]);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain("The git source could not be fetched");
    expect(failed.stderr).toContain("Who acts: you");
    const deployment = await data("get", id);
    expect(deployment).toMatchObject({ status: "ready", conditions: [{ type: "update_failed" }] });
    expect(deployment.settings.airflow.dags.url).toBe(git.url);
    expect((await (await airflow()).get("dags/from_git")).status).toBe(200);
  });

  it("goes to the next version with its runs and the very same database (ON-21)", async () => {
    await onvera("update", id, "--version", "3.3.2", "--yes");
    expect(await data("get", id)).toMatchObject({
      status: "ready",
      url,
      settings: { version: "3.3.2" },
      conditions: [],
    });
    expect(await oid()).toBe(databaseOid);
    expect((await openSession(url).ask("/api/v2/version")).json().version).toBe("3.3.2");
    const api = await airflow();
    expect((await api.get("dags/by_hand/dagRuns")).body.total_entries).toBe(1);
    expect((await api.run("from_git")).state).toBe("success");
  });

  it("stops, starts and restarts as a whole (ON-24)", async () => {
    await onvera("stop", id);
    expect(processesNaming(id)).toEqual([]);
    expect((await openSession(url).ask("/")).body).toContain(`onvera start ${id}`);
    await onvera("start", id);
    const before = processesNaming(id);
    await onvera("restart", id);
    const survivors = processesNaming(id).filter((pid) => before.includes(pid));
    expect(survivors.map((pid) => entriesOf(pid, "cmdline").join(" "))).toEqual([]);
    expect((await data("health", id)).status).toBe("healthy");
    expect((await onvera("plan", id)).stdout).toContain("Nothing would change.");
  });

  it("is destroyed without a trace (ON-46, TN-4, NH-01)", async () => {
    expect((await onvera("destroy", id, "--force")).stdout).toContain("Destruction succeeded!");
    const receipt = await data("receipt", id);
    expect(new Set(receipt.items.map((item: { found: string }) => item.found))).toEqual(new Set(["absent"]));
    await expectNothingOf(id, installation, access);
  });
});
