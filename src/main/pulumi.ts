/** `onvera pulumi`, the lines that only read: the plain CLI on this host, for whoever may read the installation's keys. */
import { type PlainStack, runPlainLine } from "../automation/plain-cli/run-line.ts";
import { createFenceHooks } from "../automation/recovery/intents.ts";
import { sharedPluginFolder } from "../automation/toolchain/plugin-plan.ts";
import { loadDeployment, loadRevision } from "../automation/worker/context.ts";
import { ensureSecrets, programInput } from "../automation/worker/program-input.ts";
import type { TargetDriver } from "../automation/worker/target-driver.ts";
import { OnveraError } from "../domain/errors.ts";
import { parseId } from "../domain/ids.ts";
import { type PulumiLine, readPulumiLine } from "../domain/plain-pulumi.ts";
import { silentProgress } from "../domain/progress.ts";
import { accessOfThisNode } from "../domain/stack-access.ts";
import { createSupervisorClient } from "../local/supervisor/client.ts";
import { supervisorPaths } from "../local/supervisor/paths.ts";
import { startProviderHost } from "../providers/host/provider-host.ts";
import { writeAudit } from "../store/audit.ts";
import type { Cluster } from "../store/tables/places.ts";
import { distFile } from "./dist-file.ts";
import { type Installation, openRunningInstallation } from "./installation.ts";
import { createKubernetesTarget } from "./kubernetes-target.ts";
import { localProviders } from "./local-providers.ts";
import { createLocalTarget } from "./local-target.ts";
import { hostOperator } from "./operator.ts";
import { pulumiTools } from "./setup.ts";
import { stateBackend } from "./state-backend.ts";
import type { Verb } from "./verb.ts";

/** Takes the line as `options.args`; the CLI has seen to it that it only reads and names a stack where it needs one. */
export const runPulumi: Verb = async (options, io) => {
  const line = readPulumiLine(Array.isArray(options.args) ? options.args.map(String) : []);
  const installation = await openRunningInstallation();
  try {
    const { paths } = installation;
    const tools = await pulumiTools(paths, silentProgress, io.signal);
    const supervisor = createSupervisorClient(supervisorPaths(paths.home).socket);
    const drivers = {
      local: createLocalTarget(installation, supervisor),
      kubernetes: createKubernetesTarget(installation),
    };
    const stack = line.stack === undefined ? undefined : await findStack(installation, drivers, line.stack, line);
    await record(installation, line, stack?.organizationId);
    const providers = line.runsProgram
      ? await startProviderHost({
          hooks: createFenceHooks(installation.store),
          packages: localProviders(
            { databaseUrl: installation.databaseUrl, home: paths.home, plugins: tools.plugins },
            supervisor,
          ),
        })
      : undefined;
    try {
      if (stack !== undefined) await providers?.attach({ stackName: stack.name, access: stack.access });
      return await runPlainLine({
        pulumiBinary: tools.pulumi.path,
        backend: stateBackend(installation),
        scratchFolder: paths.operations,
        pluginFolder: sharedPluginFolder(paths),
        debugProviders: providers?.debugProviders ?? "",
        programEntry: distFile("stacks/main.js"),
        testApps: process.env.ONVERA_TEST_APPS === "1",
        line,
        stack,
        folder: process.cwd(),
      });
    } finally {
      await providers?.stop();
    }
  } finally {
    await installation.close();
  }
};

/** The deployment's stack as it is applied now, by id or name. @throws OnveraError DEPLOYMENT_NOT_FOUND */
async function findStack(
  installation: Installation,
  drivers: Readonly<Partial<Record<Cluster["kind"], TargetDriver>>>,
  reference: string,
  { runsProgram }: PulumiLine,
): Promise<PlainStack & { organizationId: string }> {
  const { store, custody, dataKeys } = installation;
  const { record, revision } = await store.asPlatform(async (db) => {
    const id = parseId("deployment", reference);
    const matches = await db
      .selectFrom("deployments")
      .select("id")
      .where((eb) =>
        id === undefined ? eb(eb.fn("lower", ["name"]), "=", reference.toLowerCase()) : eb("id", "=", id),
      )
      .where("destroyed_at", "is", null)
      .execute();
    const [match] = matches;
    if (match === undefined || matches.length > 1) {
      throw new OnveraError("DEPLOYMENT_NOT_FOUND", {
        message:
          match === undefined
            ? `There is no deployment '${reference}'. 'onvera list' shows them`
            : `Several deployments are called '${reference}': ${matches.map((row) => row.id).join(", ")}`,
      });
    }
    const record = await loadDeployment(db, match.id);
    const { applied_revision: applied, wanted_revision: wanted } = record.deployment;
    return { record, revision: await loadRevision(db, dataKeys, record.identity, applied ?? wanted) };
  });
  const { identity, cluster } = record;
  const driver = drivers[cluster.kind];
  if (driver === undefined) throw new Error(`This version does not serve ${cluster.kind} clusters.`);
  const secrets = await ensureSecrets(store, custody, record, revision);
  const context = { identity, cluster, ...revision, revision: revision.number, firstRun: false };
  const program = runsProgram
    ? programInput(record, revision, {
        name: String(revision.number),
        secrets,
        target: await driver.describe(context),
        protect: true,
      })
    : undefined;
  return {
    name: identity.deploymentId,
    secretsKey: secrets.stackKey,
    program,
    access: (await driver.access?.(context)) ?? accessOfThisNode,
    organizationId: identity.organizationId,
  };
}

/** Written before the line runs: what a line shows cannot be taken back. */
async function record({ store }: Installation, line: PulumiLine, organizationId: string | undefined): Promise<void> {
  await store.asPlatform((db) =>
    writeAudit(db, {
      organizationId: organizationId ?? null,
      actor: hostOperator(),
      origin: "cli",
      action: "stack.pulumi.read",
      targetType: line.stack === undefined ? undefined : "deployment",
      targetId: line.stack,
      change: { argv: line.rest },
    }),
  );
}
