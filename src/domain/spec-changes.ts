/** From what a person asks for to a deployment spec, and from one revision to the next: pure, the same for update and plan. */
import { type AirflowExecutor, DEFAULT_EXECUTOR, executorOf } from "./airflow-executor.ts";
import { appCatalog, defaultVersion, replicasRefusal } from "./app-catalog.ts";
import { type AppType, appTypes, DeploymentSpec, type GitSource, type TEST_APP_TYPE } from "./deployment-spec.ts";

export type AnyAppType = AppType | typeof TEST_APP_TYPE;

/** Every field may be absent. In maps null removes an entry and what is not named stays. */
export interface SettingsChanges {
  version?: string | undefined;
  size?: DeploymentSpec["size"] | undefined;
  replicas?: Record<string, number> | undefined;
  requirements?: string[] | undefined;
  environment_variables?: Record<string, string | null> | undefined;
  superset?:
    | { feature_flags?: Record<string, boolean | null> | undefined; config?: Record<string, unknown> | undefined }
    | undefined;
  airflow?:
    | {
        executor?: AirflowExecutor | undefined;
        dags?: GitSource | null | undefined;
        connections?: Record<string, string | null> | undefined;
        variables?: Record<string, string | null> | undefined;
      }
    | undefined;
  bench_resources?: number | undefined;
}

export const isAppType = (text: string): text is AppType => (appTypes as readonly string[]).includes(text);

/** The spec of a new deployment: defaults, then what was asked for. */
export function newSpec(appType: AnyAppType, changes: SettingsChanges): DeploymentSpec {
  const start = DeploymentSpec.parse({
    version: isAppType(appType) ? defaultVersion(appType) : "items",
    size: "small",
    power_state: "running",
    ...(isAppType(appType) ? { [appCatalog[appType].settings]: {} } : {}),
  });
  return changedSpec(start, changes);
}

/** The next revision of a spec; equal to the first when nothing changes. */
export function changedSpec(spec: DeploymentSpec, changes: SettingsChanges): DeploymentSpec {
  const { superset, airflow } = changes;
  return {
    ...spec,
    version: changes.version ?? spec.version,
    size: changes.size ?? spec.size,
    replicas: { ...keptReplicas(spec, airflow?.executor), ...changes.replicas },
    requirements: changes.requirements ?? spec.requirements,
    environment_variables: merged(spec.environment_variables, changes.environment_variables),
    ...(superset === undefined
      ? {}
      : {
          superset: {
            feature_flags: merged(spec.superset?.feature_flags ?? {}, superset.feature_flags),
            config: merged(spec.superset?.config ?? {}, superset.config),
          },
        }),
    ...(airflow === undefined
      ? {}
      : {
          airflow: {
            ...withExecutor(airflow.executor ?? executorOf(spec)),
            ...withSource(airflow.dags === undefined ? spec.airflow?.dags : airflow.dags),
            connections: merged(spec.airflow?.connections ?? {}, airflow.connections),
            variables: merged(spec.airflow?.variables ?? {}, airflow.variables),
          },
        }),
    ...(changes.bench_resources === undefined ? {} : { bench_resources: changes.bench_resources }),
  };
}

/** Whether two specs ask for the same thing, whatever the order of their members. */
export function sameSpec(a: DeploymentSpec, b: DeploymentSpec): boolean {
  return canonical(a) === canonical(b);
}

/** The default is not written down: a specification that never named it stays what it was. */
const withExecutor = (executor: AirflowExecutor) => (executor === DEFAULT_EXECUTOR ? {} : { executor });

/** Copies of processes that another executor does not have are nobody's wish any more. */
function keptReplicas(spec: DeploymentSpec, executor: AirflowExecutor | undefined): DeploymentSpec["replicas"] {
  if (executor === undefined || executor === executorOf(spec)) return spec.replicas;
  const stays = ([name, count]: [string, number]) => replicasRefusal("airflow", name, count, executor) === undefined;
  return Object.fromEntries(Object.entries(spec.replicas).filter(stays));
}

const withSource = (dags: GitSource | null | undefined) => (dags ? { dags } : {});

// Built from entries, so that a key such as `__proto__` stays an ordinary entry.
function merged<T>(current: Record<string, T>, changes: Record<string, T | null> | undefined): Record<string, T> {
  const all = new Map<string, T | null>([...Object.entries(current), ...Object.entries(changes ?? {})]);
  return Object.fromEntries([...all].filter((entry): entry is [string, T] => entry[1] !== null));
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
