import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appCatalog, processesOf } from "../../src/domain/app-catalog.ts";
import { appTypes, type DeploymentIdentity, DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { longLivedKeys } from "../../src/domain/long-lived-keys.ts";
import { createPhases } from "../../src/domain/phases.ts";
import { sizeNames, sizes } from "../../src/domain/sizes.ts";
import { renderTemplate, secretsIn, Workload } from "../../src/domain/workload.ts";
import { mostConnections } from "../../src/stacks/apps/airflow-config.ts";
import { inertJson } from "../../src/stacks/apps/customer-text.ts";
import { templateWorkload, workloadFor } from "../../src/stacks/apps/registry.ts";
import { checkWorkload } from "../../src/stacks/workload-check.ts";

const identity = (appType: (typeof appTypes)[number]): DeploymentIdentity => ({
  deploymentId: "dep_01890000-0000-7000-8000-000000000001",
  organizationId: "org_1",
  environmentId: "env_1",
  name: "Mine",
  appType,
  hostLabel: "mine-abc123",
});

const spec = (fields: Partial<DeploymentSpec>) =>
  DeploymentSpec.parse({ version: "0.0.0", size: "small", power_state: "running", ...fields });

const offered = new Set(["database_url", "admin_password", ...Object.keys(longLivedKeys)]);

describe.each(appTypes)("the workload of %s", (app) => {
  const version = appCatalog[app].versions[0].version;
  const make = (fields: Partial<DeploymentSpec> = {}) => workloadFor(spec({ version, ...fields }), identity(app));

  test.each(sizeNames)("can be rendered by every target, at size %s (ON-34)", (size) => {
    const workload = make({ size });
    expect(Workload.parse(workload)).toEqual(workload);
    expect(() => checkWorkload(workload, offered)).not.toThrow();
    const total = workload.processes.reduce((sum, { memoryMegabytes }) => sum + memoryMegabytes, 0);
    expect(Math.abs(total - sizes[size].memoryMegabytes)).toBeLessThan(8);
  });

  test("holds no secret by value, in no part of it (engine: secrets)", () => {
    expect(secretsIn(JSON.stringify(make()))).toEqual([]);
  });

  test("keeps the long-lived keys in custody, not in the stack (NH-07)", () => {
    const keys = make().secrets.filter((name) => name in longLivedKeys);
    expect(keys).toEqual(app === "superset" ? ["secret_key"] : ["fernet_key", "api_secret_key", "jwt_secret"]);
  });

  test("tells the app where members sign in, and hands it its client's secret as a file alone (F21)", () => {
    const signIn = { issuer: "https://onvera.example/oidc", internal: "http://127.0.0.1:7600/oidc" };
    const workload = workloadFor(spec({ version }), identity(app), { signIn });
    expect(() => checkWorkload(workload, offered)).not.toThrow();
    expect(secretsIn(JSON.stringify(workload))).toEqual([]);
    expect(workload.secrets).toContain("sign_in_secret");
    const text = workload.files.find(({ path }) => path === "sign-in.json")?.content ?? "{}";
    expect(JSON.parse(text)).toMatchObject({ ...signIn, client_id: identity(app).deploymentId });
    expect(make().secrets).not.toContain("sign_in_secret");
  });

  test("has the processes of the catalogue, in the copies asked for (ON-24)", () => {
    const workload = make({ replicas: { [appCatalog[app].processes[0]?.name ?? ""]: 2 } });
    expect(workload.processes.map(({ name, scalable }) => ({ name, scalable }))).toEqual(
      processesOf(app).map(({ name, scalable }) => ({ name, scalable })),
    );
    expect(workload.processes.map(({ replicas }) => replicas)).toEqual(
      workload.processes.map((_, i) => (i === 0 ? 2 : 1)),
    );
  });

  test("runs its bootstrap again for another version, and not for another size, copy or restart (NH-06)", () => {
    const key = (fields: Partial<DeploymentSpec>) => make(fields).jobs.map(({ runKey }) => runKey);
    const before = key({});
    expect(key({ size: "large", replicas: {}, restart_token: "again", environment_variables: { A: "b" } })).toEqual(
      before,
    );
    expect(key({ version: appCatalog[app].versions[1]?.version ?? "" })).not.toEqual(before);
  });

  test("shows a phase that the documented order knows while it bootstraps (ON-37)", () => {
    for (const { phase } of make().jobs) expect(createPhases).toContain(phase);
    expect(make().jobs[0]?.phase).toBe(app === "superset" ? "bootstrapping_app" : "running_migrations");
  });

  test("listens where its cluster says, loopback on this machine, and names no address itself (ON-30)", () => {
    const commands = make().processes.flatMap(({ command }) => command);
    expect(commands.join(" ")).toContain("{{address:listen}}");
    expect(JSON.stringify(make())).not.toMatch(/0\.0\.0\.0|127\.0\.0\.1/);
  });

  test("lets no environment variable of a customer stand in for the platform's (design §7)", () => {
    const taken = Object.fromEntries(Object.keys(make().env).map((name) => [name, "evil"]));
    const workload = make({ environment_variables: { ...taken, PYTHONPATH: "evil", MY_VARIABLE: "kept" } });
    expect(Object.values(workload.env)).not.toContain("evil");
    expect(workload.env.MY_VARIABLE).toBe("kept");
  });

  test("is not made when a customer's value poses as a reference (design §4)", () => {
    const posing = { MY_VARIABLE: "{{secret-file:admin_password}}" };
    expect(() => make({ environment_variables: posing })).toThrow(/MY_VARIABLE/);
  });

  test("makes a template without admin, keys or processes (performance: template traps)", () => {
    const template = templateWorkload(app, version);
    expect(template.processes).toEqual([]);
    expect(template.jobs.map(({ stdin }) => JSON.parse(stdin ?? ""))).toEqual([{ platform: { mode: "template" } }]);
    expect(template.jobs.map(({ command }) => command)).toEqual(make().jobs.map(({ command }) => command));
  });

  test("is the same for the same spec, and is not made for an app we do not have (ON-06)", () => {
    expect(make()).toEqual(make());
    expect(() => workloadFor(spec({ version }), { ...identity(app), appType: "bench" })).toThrow(/bench/);
  });
});

describe("customers' text in a workload", () => {
  const lookup = () => {
    throw new Error("a customer's text was taken for a reference");
  };

  test("is data whatever it looks like: no reference survives, and nothing is lost (design §4)", () => {
    const hostile = fc.array(fc.constantFrom("{{", "}}", "secret:", "database_url", "\\", '"', "{", "é", "\n"));
    fc.assert(
      fc.property(hostile, (parts) => {
        const value = { [parts.join("")]: [parts.join(""), 1, null] };
        expect(JSON.parse(renderTemplate(inertJson(value), lookup))).toEqual(value);
      }),
    );
  });

  test("reaches Superset's settings and Airflow's job unchanged (ON-21)", () => {
    const text = "{{secret:admin_password}}";
    const superset = workloadFor(
      spec({ version: "6.1.0", superset: { feature_flags: { A: true }, config: { APP_NAME: text, SECRET_KEY: "x" } } }),
      identity("superset"),
    );
    const rendered = JSON.parse(renderTemplate(superset.files[0]?.content ?? "", (kind, name) => `${kind}/${name}`));
    expect(rendered.customer).toEqual({ feature_flags: { A: true }, config: { APP_NAME: text } });
    expect(rendered.platform.secret_files.secret_key).toBe("secret-file/secret_key");
    const settings = { connections: { db: "postgresql://u:p@h/d" }, variables: { k: text } };
    const airflow = workloadFor(spec({ version: "3.3.2", airflow: settings }), identity("airflow"));
    const stdin = JSON.parse(renderTemplate(airflow.jobs[0]?.stdin ?? "", (kind, name) => `${kind}/${name}`));
    expect(stdin.customer).toEqual(settings);
    expect(airflow.jobs[0]?.runKey).not.toContain("postgresql");
  });
});

describe("Airflow's settings", () => {
  const airflow = (fields: Partial<DeploymentSpec>) =>
    workloadFor(spec({ version: "3.3.2", ...fields }), identity("airflow"));
  const config = (fields: Partial<DeploymentSpec>) => airflow(fields).files[0]?.content ?? "";

  test("change the bootstrap's run key, in whatever order they come (ON-21)", () => {
    const key = (variables: Record<string, string>) =>
      airflow({ airflow: { connections: {}, variables } }).jobs[0]?.runKey;
    expect(key({ a: "1", b: "2" })).toBe(key({ b: "2", a: "1" }));
    expect(key({ a: "1" })).not.toBe(key({ a: "2" }));
  });

  test("point the DAG folder into the repository's subdirectory when there is one (design §7)", () => {
    const dags = { url: "https://example.com/r.git", branch: "main", subdirectory: "team/dags" };
    const git = { airflow: { dags, connections: {}, variables: {} }, dags_revision: "r1" };
    expect(config(git)).toContain("dags_folder = {{dir:data}}/dags/team/dags\n");
    expect(airflow(git).gitSource).toEqual({ ...dags, into: "dags", revision: "r1" });
    expect(config({})).toContain("dags_folder = {{dir:data}}/dags\n");
    expect(airflow({}).gitSource).toBeUndefined();
  });

  test("let a task wait for an API server that has only just started (ON-23)", () => {
    expect(config({})).toContain("[workers]\nexecution_api_timeout = 60\nexecution_api_retries = 8\n");
  });

  test("read each key by a command from its file, so that no character of a password can break them (engine: secrets)", () => {
    for (const key of ["sql_alchemy_conn", "fernet_key", "secret_key", "jwt_secret"]) {
      expect(config({})).toMatch(new RegExp(`^${key}_cmd = (cat|sed \\S+) \\{\\{secret-file:[a-z_]+\\}\\}$`, "m"));
    }
    expect(config({})).not.toContain("%");
  });

  test("leave the connections within the login's limit, with room for probes and jobs (sizes)", () => {
    for (const size of sizeNames)
      expect(mostConnections(sizes[size])).toBeLessThanOrEqual(sizes[size].connectionLimit - 5);
  });
});
