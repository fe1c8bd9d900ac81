/** The local cluster's side of an operation: packages, template databases, revision files, health, and the destroy steps. */
import { appTypeOf } from "../../../domain/deployment-spec.ts";
import { failure } from "../../../domain/failures.ts";
import type { TargetContext } from "../../../domain/program-input.ts";
import type { PackageStore } from "../../../local/packages/package-store.ts";
import type { SupervisorClient } from "../../../local/supervisor/client-port.ts";
import type { RevisionFiles } from "../../../local/supervisor/revision-files.ts";
import { type DeploymentContext, StepFailure, type StepIo, type TargetDriver } from "../../worker/target-driver.ts";
import type { AdminConnection } from "../database-server/admin-connection.ts";
import { databaseSteps } from "../database-server/database-steps.ts";
import { removeTenantDatabase, revokeTenantLogins } from "../database-server/tenant-database.ts";
import { takeInventory } from "./inventory.ts";
import { lookUpLocally } from "./look-up.ts";
import { findOwnedLocally, removeOwnedLocally } from "./owned.ts";
import { packageProgress } from "./package-progress.ts";
import { ensureTemplateDatabase, TemplateFailed } from "./template-database.ts";
import { askPublicly, waitUntilHealthy, waitUntilReachable, waitUntilStopped } from "./wait-ready.ts";

export interface LocalDriverDeps {
  admin: AdminConnection;
  supervisor: SupervisorClient;
  packages: PackageStore;
  /** The revision files the supervisor reads. */
  revisions: RevisionFiles;
  /** Where the bench app's items are; there is none unless this installation runs it. */
  benchFolder: string;
  /** How apps reach the database server. */
  database: { host: string; port: number };
  /** Where the gateway answers: `<host_label>.<domain>`. */
  gateway: { domain: string; httpPort: number };
}

export function createLocalDriver(deps: LocalDriverDeps): TargetDriver {
  const { admin, supervisor, gateway } = deps;
  const host = (deployment: DeploymentContext) => `${deployment.identity.hostLabel}.${gateway.domain}`;

  const describe = async (deployment: DeploymentContext): Promise<TargetContext> => ({
    target: "local",
    databaseHost: deps.database.host,
    databasePort: deps.database.port,
    templateDatabase: null,
    host: host(deployment),
    publicUrl: `http://${host(deployment)}:${gateway.httpPort}`,
  });

  return {
    ...databaseSteps(async () => admin),
    describe,

    async prepare(deployment, io) {
      return { ...(await describe(deployment)), templateDatabase: await prepareApp(deps, deployment, io) };
    },

    async writeRevision(deployment, target) {
      if (deployment.workload === null) return String(deployment.revision);
      return writeRevisionFile(deps.revisions, deployment, target);
    },

    async waitReady(deployment, io) {
      if (deployment.workload === null) return;
      const id = deployment.identity.deploymentId;
      if (deployment.spec.power_state === "stopped") return waitUntilStopped(supervisor, id, io);
      await waitUntilHealthy(supervisor, id, io);
      await waitUntilReachable(
        { host: host(deployment), port: gateway.httpPort, health: deployment.workload.health },
        io,
      );
    },

    async revokeAccess(deployment, io) {
      const id = deployment.identity.deploymentId;
      io.say("Closing the gateway");
      const state = await supervisor.getDeployment(id);
      for (const route of state?.routes ?? []) await supervisor.putRouteMode(route.host, "closed");
      await io.checkLease();
      io.say("Shutting out the database logins");
      await revokeTenantLogins(admin, id);
    },

    async answersPublicly({ workload, ...deployment }) {
      if (workload === null) return false;
      const address = { host: `${deployment.identity.hostLabel}.${gateway.domain}`, port: gateway.httpPort };
      return (await askPublicly({ ...address, health: workload.health })) === workload.health.expectStatus;
    },

    async removeDatabaseTenant(deployment, io) {
      const id = deployment.identity.deploymentId;
      io.say("Stopping the processes");
      const state = await supervisor.getDeployment(id);
      // Together: each may take its whole grace period.
      await Promise.all((state?.processes ?? []).map(({ name }) => supervisor.deleteProcess(id, name)));
      io.say("Dropping the database");
      await removeTenantDatabase(admin, id, () => io.checkLease());
    },

    lookUp: ({ identity }, resource) => lookUpLocally(deps, identity.deploymentId, resource),

    findOwned: ({ identity }) => findOwnedLocally({ admin, supervisor }, identity.deploymentId),

    takeInventory: () => takeInventory(deps),

    removeOwned: ({ identity }, io) =>
      removeOwnedLocally({ admin, supervisor }, identity.deploymentId, () => io.checkLease()),

    // Revision files hold the customer's settings, connections with their passwords among them.
    forget: (deployment) => deps.revisions.remove(deployment.identity.deploymentId),
  };
}

/** The package first, because the template is made by the app's own migration. */
async function prepareApp(deps: LocalDriverDeps, deployment: DeploymentContext, io: StepIo): Promise<string | null> {
  const app = appTypeOf(deployment.identity.appType);
  if (app === undefined || deployment.workload === null) return null;
  const installed = await deps.packages.install(deployment.workload.package.lock, {
    progress: packageProgress(io),
    signal: io.signal,
  });
  if (!deployment.firstRun) return null;
  try {
    return await ensureTemplateDatabase(deps, {
      app,
      version: deployment.spec.version,
      packageDigest: installed.digest,
      onBuild: () =>
        io.say(
          `Preparing the database template of ${app} ${deployment.spec.version} (once per version, about a minute)`,
        ),
      signal: io.signal,
    });
  } catch (error) {
    if (!(error instanceof TemplateFailed)) throw error;
    throw new StepFailure(failure("TEMPLATE_FAILED", error.message, { last_log_lines: [...error.lastLines] }), {
      cause: error,
    });
  }
}

async function writeRevisionFile(
  revisions: RevisionFiles,
  deployment: DeploymentContext,
  target: TargetContext,
): Promise<string> {
  const { identity, spec } = deployment;
  const revision = String(deployment.revision);
  await revisions.write({
    deploymentId: identity.deploymentId,
    revision,
    host: target.host,
    publicUrl: target.publicUrl,
    appType: identity.appType,
    size: spec.size,
    stopped: spec.power_state === "stopped",
    restartToken: spec.restart_token,
    workload: deployment.workload,
  });
  return revision;
}
