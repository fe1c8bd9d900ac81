/** What a platform engineer sees who runs the plain `pulumi` CLI on the same program. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { PROJECT_NAME } from "../../src/domain/names.ts";
import { onveraPackage } from "../../src/providers/onvera/package.ts";
import { deploymentId, input, spec } from "../stacks/fixtures.ts";
import { createFakeSupervisor } from "../support/fake-supervisor.ts";
import { type PlainCli, startPlainCli } from "../support/plain-cli.ts";
import { startWorkbench, type Workbench } from "../support/provider-workbench.ts";

let workbench: Workbench;
let cli: PlainCli;

beforeAll(async () => {
  workbench = await startWorkbench((folder) => [
    onveraPackage({ supervisor: createFakeSupervisor(), ledgerFolder: join(folder, "ledger") }),
  ]);
  workbench.host.registerRun({ operationId: "op_plain", generation: 1, stackName: deploymentId, workDir: "" });
  cli = await startPlainCli();
  await mkdir(join(cli.folder, "state"));
  expect((await pulumi(["stack", "init", deploymentId], {}, false)).code).toBe(0);
});
afterAll(async () => {
  await cli?.stop();
  await workbench?.stop();
});

const bench = () =>
  input({
    identity: { ...input().identity, appType: "bench" },
    spec: spec({ version: "items", bench_resources: 3 }),
    workload: null,
  });

async function pulumi(args: string[], env: Record<string, string> = {}, withProgram = true) {
  const place = withProgram ? ["--stack", deploymentId, "--non-interactive", "--color=never"] : ["--non-interactive"];
  return cli.run(
    [...args, ...place],
    {
      PULUMI_BACKEND_URL: `file://${join(cli.folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "throw-away",
      PULUMI_DEBUG_PROVIDERS: workbench.host.debugProviders,
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_HOME: join(cli.folder, "home"),
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...env,
    },
    withProgram,
  );
}

async function specFile(content: unknown, mode = 0o600): Promise<string> {
  const path = join(cli.folder, "spec.json");
  await writeFile(path, JSON.stringify(content), { mode });
  return path;
}

describe("the plain CLI", () => {
  it("finds the built program by our Pulumi.yaml, in the project all stacks belong to (ON-19)", async () => {
    const project = parse(await readFile("Pulumi.yaml", "utf8"));
    expect(project).toMatchObject({ name: PROJECT_NAME, main: "dist/stacks/main.js" });
    expect(project.runtime).toEqual({ name: "nodejs", options: { typescript: false } });
  });

  it("says what to run where ONVERA_SPEC_FILE is missing, and makes nothing (ON-19)", async () => {
    const { code, output } = await pulumi(["preview"]);
    expect(code).not.toBe(0);
    expect(output).toContain("ONVERA_SPEC_FILE is not set");
    expect(output).toContain("onvera pulumi <command> --stack <deployment id>");
  });

  it("runs the same program: up makes it, and a preview then shows no change (ON-19, ON-24)", async () => {
    const env = { ONVERA_SPEC_FILE: await specFile(bench()), ONVERA_TEST_APPS: "1" };
    const up = await pulumi(["up", "--yes", "--skip-preview"], env);
    expect(up.output).toMatch(/4 created/);
    expect(up.code).toBe(0);
    expect(await pulumi(["preview", "--expect-no-changes"], env)).toMatchObject({ code: 0 });
  });

  it("refuses the bench app where the installation does not allow it", async () => {
    const { code, output } = await pulumi(["preview"], { ONVERA_SPEC_FILE: await specFile(bench()) });
    expect(code).not.toBe(0);
    expect(output).toContain("ONVERA_TEST_APPS=1");
  });
});
