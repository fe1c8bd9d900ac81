import { describe, expect, it } from "vitest";
import { resourcePhase } from "../../src/domain/resource-phases.ts";
import { deploymentProgram } from "../../src/stacks/program.ts";
import { programFor } from "../../src/stacks/program-for.ts";
import { localTarget } from "../../src/stacks/targets/local/index.ts";
import { custody, deploymentId, gitSource, input, names, spec, workload } from "./fixtures.ts";
import { record } from "./recorder.ts";

const run = (changes: Parameters<typeof input>[0] = {}) => record(deploymentProgram(input(changes), localTarget));

describe("the program of a deployment on the local target", () => {
  it("declares exactly these resources, each below its component (ON-20, ON-27)", async () => {
    const { resources } = await run();
    expect(resources.map(({ type, name, parent }) => `${parent}/${name} ${type}`).sort()).toEqual([
      "/compute onvera:deployment:Compute",
      "/database onvera:deployment:Database",
      "/dns onvera:deployment:Dns",
      "/network onvera:deployment:Network",
      "/secrets onvera:deployment:Secrets",
      "compute/compute-files onvera:local:Files",
      "compute/compute-job-init onvera:local:Job",
      "compute/compute-job-migrate onvera:local:Job",
      "compute/compute-package onvera:local:Package",
      "compute/compute-process-web onvera:local:Process",
      "compute/compute-process-worker onvera:local:Process",
      "compute/compute-secrets onvera:local:Secrets",
      "database/database-db postgresql:index/database:Database",
      "database/database-login-a postgresql:index/role:Role",
      "database/database-login-b postgresql:index/role:Role",
      "database/database-owner postgresql:index/role:Role",
      "database/database-public postgresql:index/grant:Grant",
      "dns/dns-route onvera:local:Route",
      "network/network-identity onvera:local:Identity",
      "network/network-ports onvera:local:Ports",
      "secrets/secrets-admin-password random:index/randomPassword:RandomPassword",
      "secrets/secrets-login-a-password random:index/randomPassword:RandomPassword",
      "secrets/secrets-login-b-password random:index/randomPassword:RandomPassword",
    ]);
  });

  it("gives the deployment a database and roles of its own, closed to everybody else (ON-10, ON-28)", async () => {
    const { named } = await run();
    expect(named("database-owner").inputs).toEqual({ name: names.owner, login: false });
    expect(named("database-login-a").inputs).toEqual({
      name: names.a,
      login: true,
      password: { secret: "secrets-login-a-password-result" },
      connectionLimit: 40,
      roles: [names.owner],
      assumeRole: names.owner,
    });
    expect(named("database-login-b").inputs).toMatchObject({ name: names.b, login: false });
    expect(named("database-db").inputs).toEqual({
      name: names.database,
      owner: names.owner,
      template: "ovt_superset_6_1_0_0123456789",
      encoding: "DEFAULT",
      lcCollate: "DEFAULT",
      lcCtype: "DEFAULT",
      alterObjectOwnership: true,
    });
    expect(named("database-public").inputs).toEqual({
      database: names.database,
      role: "public",
      objectType: "database",
      privileges: [],
    });
  });

  it("starts from an empty database where no template is offered", async () => {
    const { named } = await run({ context: { ...input().context, templateDatabase: null } });
    expect(named("database-db").inputs.template).toBe("template0");
  });

  it("hands the app exactly the secrets it names, and only as secrets (NH-07)", async () => {
    const { named, resources } = await run();
    expect(named("compute-secrets").inputs).toEqual({
      deploymentId,
      secrets: {
        secret: {
          secret_key: custody.secret_key,
          admin_password: "secrets-admin-password-result",
          database_url: `postgresql://${names.a}:secrets-login-a-password-result@127.0.0.1:5432/${names.database}`,
        },
      },
    });
    const inClear = JSON.stringify(resources.map(({ inputs }) => withoutSecrets(inputs)));
    for (const value of [custody.secret_key, custody.fernet_key, "-password-result"])
      expect(inClear).not.toContain(value);
  });

  it("runs the jobs in their order, and the processes only after the last one", async () => {
    const { named } = await run();
    expect(named("compute-job-migrate").dependsOn).toEqual(
      expect.arrayContaining(["compute-files", "database-public", "database-login-a", "network-identity"]),
    );
    expect(named("compute-job-init").dependsOn).toContain("compute-job-migrate");
    expect(named("compute-process-web").dependsOn).toContain("compute-job-init");
    expect(named("compute-process-worker").dependsOn).toContain("compute-job-init");
    expect(named("dns-route").dependsOn).toContain("compute-process-web");
  });

  it("gives a job its deadline with a margin, and tells its phase (TN-6)", async () => {
    const { named } = await run();
    expect(named("compute-job-migrate").timeouts).toEqual({ create: "630s", update: "630s" });
    expect(named("compute-job-migrate").inputs).toEqual({
      deploymentId,
      name: "migrate",
      revision: "r1",
      phase: "running_migrations",
      digest: expect.any(String),
    });
  });

  it("fetches the git source before the processes start, where there is one", async () => {
    const { named } = await run({ workload: workload({ gitSource }) });
    expect(named("compute-source").inputs).toEqual({ deploymentId, revision: "r1", digest: expect.any(String) });
    expect(named("compute-process-web").dependsOn).toContain("compute-source");
    expect((await run()).resources.map(({ name }) => name)).not.toContain("compute-source");
  });

  it("answers with the URL, the host and the first admin, whose password is secret (ON-43)", async () => {
    const { outputs } = await run();
    expect(outputs).toEqual({
      url: "http://my-superset-abc123.localhost:8080",
      host: "my-superset-abc123.localhost",
      database: names.database,
      admin_username: "admin",
      admin_password: { secret: "secrets-admin-password-result" },
      app_type: "superset",
      version: "6.1.0",
    });
  });

  it("knows a lifecycle phase for every custom resource (TN-6)", async () => {
    const { resources } = await run({ workload: workload({ gitSource }) });
    const lacking = resources.filter(({ custom, type, inputs }) => custom && resourcePhase(type, inputs) === undefined);
    expect(lacking).toEqual([]);
  });

  it("sizes the connection limit of both logins", async () => {
    const { named } = await run({ spec: spec({ size: "large" }) });
    expect(["a", "b"].map((side) => named(`database-login-${side}`).inputs.connectionLimit)).toEqual([160, 160]);
  });

  it("refuses the bench app unless the installation allows it", async () => {
    const bench = input({ identity: { ...input().identity, appType: "bench" }, workload: null });
    await expect(programFor(bench, { testApps: false })).rejects.toThrow("ONVERA_TEST_APPS=1");
  });
});

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (value === null || typeof value !== "object") return value;
  if ("secret" in value) return "[secret]";
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutSecrets(inner)]));
}
