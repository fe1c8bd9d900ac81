/** What is wrong with a wanted spec, field by field, before anything is accepted (ON-06). */
import { DEFAULT_EXECUTOR, executorOf, executorRefusal } from "./airflow-executor.ts";
import { configRefusal, environmentRefusal, replicasRefusal, updateRefusal, versionRefusal } from "./app-catalog.ts";
import { type AppType, type DeploymentSpec, TEST_APP_TYPE } from "./deployment-spec.ts";
import type { FieldError } from "./errors.ts";
import type { AnyAppType } from "./spec-changes.ts";

const BENCH_VERSIONS = ["items", "database"];
const MAX_VARIABLES = 200;

/**
 * Lists the faults of `spec`; empty when it can be accepted.
 * @param before the revision it follows; undefined for a new deployment
 */
export function specFaults(appType: AnyAppType, spec: DeploymentSpec, before?: DeploymentSpec): FieldError[] {
  return appType === TEST_APP_TYPE ? benchFaults(spec) : appFaults(appType, spec, before);
}

/** Whether there is no need to look at the cluster: every one runs tasks beside the scheduler. */
export const fitsEveryCluster = (spec: DeploymentSpec): boolean => executorOf(spec) === DEFAULT_EXECUTOR;

/** Faults of a spec that only the cluster it goes to shows. @param clusterKind `local`, `kubernetes` */
export function placeFaults(spec: DeploymentSpec, clusterKind: string): FieldError[] {
  return fault("/airflow/executor", executorRefusal(executorOf(spec), clusterKind));
}

function appFaults(app: AppType, spec: DeploymentSpec, before: DeploymentSpec | undefined): FieldError[] {
  const version = before ? updateRefusal(app, before.version, spec.version) : versionRefusal(app, spec.version);
  return [
    ...fault("/version", version),
    ...Object.entries(spec.replicas).flatMap(([name, count]) =>
      fault(`/replicas/${name}`, replicasRefusal(app, name, count, executorOf(spec))),
    ),
    ...Object.entries(spec.environment_variables).flatMap(([name, value]) =>
      fault(`/environment_variables/${name}`, environmentRefusal(app, name, value)),
    ),
    ...tooMany("/environment_variables", spec.environment_variables),
    ...(app === "superset" ? supersetFaults(spec) : airflowFaults(spec)),
    ...(spec.bench_resources === undefined ? [] : fault("/bench_resources", "Only the bench app has resources.")),
  ];
}

function supersetFaults({ superset, airflow }: DeploymentSpec): FieldError[] {
  const config = superset?.config ?? {};
  return [
    ...(airflow ? fault("/airflow", "These settings are for app_type airflow.") : []),
    ...Object.keys(config).flatMap((key) => fault(`/superset/config/${key}`, configRefusal("superset", key))),
    ...tooMany("/superset/config", config),
    ...tooMany("/superset/feature_flags", superset?.feature_flags ?? {}),
  ];
}

function airflowFaults({ superset, airflow }: DeploymentSpec): FieldError[] {
  return [
    ...(superset ? fault("/superset", "These settings are for app_type superset.") : []),
    ...tooMany("/airflow/connections", airflow?.connections ?? {}),
    ...tooMany("/airflow/variables", airflow?.variables ?? {}),
  ];
}

function benchFaults(spec: DeploymentSpec): FieldError[] {
  return BENCH_VERSIONS.includes(spec.version)
    ? []
    : fault("/version", `bench ${spec.version} is not offered. Choose one of ${BENCH_VERSIONS.join(", ")}.`);
}

function tooMany(pointer: string, entries: Record<string, unknown>): FieldError[] {
  return Object.keys(entries).length > MAX_VARIABLES
    ? fault(pointer, `At most ${MAX_VARIABLES} entries are taken.`)
    : [];
}

function fault(pointer: string, message: string | undefined): FieldError[] {
  return message === undefined ? [] : [{ pointer, message }];
}
