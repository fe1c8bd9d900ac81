/** From an app's name to its module, and the workload that makes a version's template database. */
import { appCatalog } from "../../domain/app-catalog.ts";
import { type AppType, type DeploymentIdentity, DeploymentSpec } from "../../domain/deployment-spec.ts";
import type { Workload } from "../../domain/workload.ts";
import { airflow } from "./airflow.ts";
import type { AppModule, Surroundings } from "./app-module.ts";
import { superset } from "./superset.ts";

/** One module per app; the compiler lists what is missing when an app is added. */
export const appModules: Record<AppType, AppModule> = { airflow, superset };

/**
 * What an app needs to run, for a validated spec.
 * @throws Error when the app is not one of ours (the bench app has no workload)
 */
export function workloadFor(
  spec: DeploymentSpec,
  identity: DeploymentIdentity,
  surroundings: Surroundings = {},
): Workload {
  const { appType } = identity;
  if (!isAppType(appType)) throw new Error(`The app '${appType}' has no workload.`);
  return appModules[appType](spec, identity, surroundings);
}

/**
 * The workload whose one job fills an empty database with this version's schema, roles and permissions, and nothing
 * that belongs to a deployment: no admin, and no row encrypted under a key.
 */
export function templateWorkload(app: AppType, version: string): Workload {
  const spec = DeploymentSpec.parse({ version, size: "small", power_state: "running", [appCatalog[app].settings]: {} });
  const identity: DeploymentIdentity = {
    deploymentId: "template",
    organizationId: "template",
    environmentId: "template",
    name: "template",
    appType: app,
    hostLabel: "template",
  };
  const workload = appModules[app](spec, identity, {});
  const jobs = workload.jobs.map((job) => ({ ...job, stdin: JSON.stringify({ platform: { mode: "template" } }) }));
  return { ...workload, jobs, processes: [] };
}

function isAppType(app: string): app is AppType {
  return Object.hasOwn(appModules, app);
}
