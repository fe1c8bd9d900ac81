/** The programs of the real apps: which resources a customer's Superset and Airflow consist of. */
import { describe, expect, it } from "vitest";
import { appCatalog } from "../../src/domain/app-catalog.ts";
import { type AppType, appTypes, DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { workloadFor } from "../../src/stacks/apps/registry.ts";
import { deploymentProgram } from "../../src/stacks/program.ts";
import { localTarget } from "../../src/stacks/targets/local/index.ts";
import { input } from "./fixtures.ts";
import { record } from "./recorder.ts";

/** Below every app of ours. */
const common = [
  "compute-files",
  "compute-package",
  "compute-secrets",
  "database-db",
  "database-login-a",
  "database-login-b",
  "database-owner",
  "database-public",
  "dns-route",
  "network-identity",
  "network-ports",
  "secrets-admin-password",
  "secrets-login-a-password",
  "secrets-login-b-password",
];

async function programOf(appType: AppType, changes: Partial<DeploymentSpec> = {}) {
  const identity = { ...input().identity, appType };
  const spec = DeploymentSpec.parse({ version: newest(appType), size: "small", power_state: "running", ...changes });
  const workload = workloadFor(spec, identity);
  const custody = Object.fromEntries(workload.secrets.filter(isCustody).map((name) => [name, `custody-${name}`]));
  return record(deploymentProgram({ ...input(), identity, spec, workload, custody }, localTarget));
}

const isCustody = (name: string) => name !== "admin_password" && !name.startsWith("database_");
const newest = (appType: AppType): string => versionsOf(appType)[0] ?? "";
const versionsOf = (appType: AppType): string[] => appCatalog[appType].versions.map(({ version }) => version);
const customNames = ({ resources }: Awaited<ReturnType<typeof programOf>>) =>
  resources
    .filter(({ custom }) => custom)
    .map(({ name }) => name)
    .sort();

describe("the program of", () => {
  it("superset consists of exactly these resources (ON-06, ON-27)", async () => {
    expect(customNames(await programOf("superset"))).toEqual(
      [...common, "compute-job-bootstrap", "compute-process-web"].sort(),
    );
  });

  it("airflow consists of exactly these resources, one process per component (ON-06, ON-27)", async () => {
    expect(customNames(await programOf("airflow"))).toEqual(
      [
        ...common,
        "compute-job-bootstrap",
        "compute-process-api-server",
        "compute-process-dag-processor",
        "compute-process-scheduler",
        "compute-process-triggerer",
      ].sort(),
    );
  });

  it("airflow with a repository of DAGs fetches it (ON-16)", async () => {
    const dags = { url: "https://example.org/dags.git", branch: "main", subdirectory: "" };
    const program = await programOf("airflow", { airflow: { dags, connections: {}, variables: {} } });
    expect(customNames(program)).toContain("compute-source");
  });

  it.each(appTypes)(
    "%s keeps its logical names from version to version: nothing is replaced (ON-27, NH-05)",
    async (app) => {
      const names: string[][] = [];
      for (const version of versionsOf(app)) names.push(customNames(await programOf(app, { version })));
      const [first, ...others] = names;
      for (const other of others) expect(other).toEqual(first);
      expect(others.length).toBeGreaterThan(0);
    },
  );

  it.each(appTypes)("%s consists of the same resources while it is stopped (ON-24)", async (app) => {
    expect(customNames(await programOf(app, { power_state: "stopped" }))).toEqual(customNames(await programOf(app)));
  });
});
