/** What we offer of each app, in one table: versions, the ways between them, processes, and what belongs to the platform. */
import { type AirflowExecutor, DEFAULT_EXECUTOR } from "./airflow-executor.ts";
import type { AppType } from "./deployment-spec.ts";

export interface AppVersion {
  version: string;
  /** Versions an update may go to in one step, newest first. */
  updatesTo: readonly string[];
}

export interface AppProcess {
  name: string;
  defaultReplicas: number;
  /** Whether a person may change the number of copies. */
  scalable: boolean;
  minReplicas: number;
  maxReplicas: number;
  /** The executor it belongs to; it runs with every one when left out. */
  executor?: AirflowExecutor;
}

export interface AppCatalogEntry {
  type: AppType;
  title: string;
  /** The default first. Each has a folder `apps/<type>/<version>` with a lock. */
  versions: readonly [AppVersion, ...AppVersion[]];
  /** The front door first. */
  processes: readonly AppProcess[];
  /** Asked at the front door: path, and the status of an app that is well. */
  health: { path: string; expectStatus: number };
  /** The member of DeploymentSpec that holds this app's own settings. */
  settings: "superset" | "airflow";
  /** Environment variables that are the platform's: exact names, and beginnings of names that end in `*`. */
  reservedEnvironment: readonly string[];
  /** Configuration keys that are the platform's (apps with a free `config`). */
  reservedConfig: readonly string[];
}

/** Who runs, from where, with which code: never a customer's to change. */
const reservedEverywhere = ["HOME", "LOGNAME", "PATH", "SHELL", "USER", "LD_*", "ONVERA_*", "PYTHON*"] as const;

const process = (name: string, maxReplicas: number): AppProcess => ({
  name,
  defaultReplicas: 1,
  scalable: maxReplicas > 1,
  minReplicas: 1,
  maxReplicas,
});

/** The first administrator of every app is called so. */
export const ADMIN_USER = "admin";

/** The name of the front door's port in every app. */
export const FRONT_PORT = "web";

export const appCatalog: Record<AppType, AppCatalogEntry> = {
  superset: {
    type: "superset",
    title: "Apache Superset",
    versions: [
      { version: "6.1.0", updatesTo: [] },
      { version: "6.0.0", updatesTo: ["6.1.0"] },
    ],
    processes: [process("web", 4)],
    health: { path: "/health", expectStatus: 200 },
    settings: "superset",
    reservedEnvironment: [
      ...reservedEverywhere,
      "FLASK_*",
      "FORWARDED_ALLOW_IPS",
      "GUNICORN_CMD_ARGS",
      "SUPERSET_APP_ROOT",
      "SUPERSET_CONFIG",
      "SUPERSET_CONFIG_PATH",
      "SUPERSET_HOME",
      "SUPERSET__*",
      "WEB_CONCURRENCY",
    ],
    reservedConfig: [
      "APP_INITIALIZER",
      "APPLICATION_ROOT",
      "AUTH_TYPE",
      "BLUEPRINTS",
      "DATA_DIR",
      "ENABLE_PROXY_FIX",
      "FEATURE_FLAGS",
      "PREVIOUS_SECRET_KEY",
      "PROXY_FIX_CONFIG",
      "SECRET_KEY",
      "SESSION_COOKIE_DOMAIN",
      "SESSION_COOKIE_NAME",
      "SESSION_COOKIE_PATH",
      "SQLALCHEMY_DATABASE_URI",
      "SQLALCHEMY_ENGINE_OPTIONS",
      "UPLOAD_FOLDER",
    ],
  },
  airflow: {
    type: "airflow",
    title: "Apache Airflow",
    versions: [
      { version: "3.3.2", updatesTo: [] },
      { version: "3.2.2", updatesTo: ["3.3.2"] },
    ],
    processes: [
      process("api-server", 4),
      process("scheduler", 2),
      process("dag-processor", 1),
      process("triggerer", 4),
      { ...process("worker", 10), executor: "celery" },
      { ...process("broker", 1), executor: "celery" },
    ],
    health: { path: "/api/v2/monitor/health", expectStatus: 200 },
    settings: "airflow",
    reservedEnvironment: [
      ...reservedEverywhere,
      "AIRFLOW_CONFIG",
      "AIRFLOW_HOME",
      "AIRFLOW__API_AUTH__*",
      "AIRFLOW__API__BASE_URL*",
      "AIRFLOW__API__HOST*",
      "AIRFLOW__API__PORT*",
      "AIRFLOW__API__SECRET_KEY*",
      "AIRFLOW__API__SERVER_TYPE*",
      "AIRFLOW__API__SSL_*",
      "AIRFLOW__API__WORKERS*",
      "AIRFLOW__CELERY__BROKER_URL*",
      "AIRFLOW__CELERY__RESULT_BACKEND*",
      "AIRFLOW__CORE__AUTH_MANAGER*",
      "AIRFLOW__CORE__DAGS_FOLDER*",
      "AIRFLOW__CORE__EXECUTION_API_SERVER_URL*",
      "AIRFLOW__CORE__EXECUTOR*",
      "AIRFLOW__CORE__FERNET_KEY*",
      "AIRFLOW__CORE__LOAD_EXAMPLES*",
      "AIRFLOW__CORE__PARALLELISM*",
      "AIRFLOW__CORE__PLUGINS_FOLDER*",
      "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_*",
      "AIRFLOW__DATABASE__*",
      "AIRFLOW__FAB__CACHE_TTL*",
      "AIRFLOW__FAB__CONFIG_FILE*",
      "AIRFLOW__FAB__ENABLE_PROXY_FIX*",
      "AIRFLOW__KUBERNETES_EXECUTOR__IN_CLUSTER*",
      "AIRFLOW__KUBERNETES_EXECUTOR__MULTI_NAMESPACE_MODE*",
      "AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE*",
      "AIRFLOW__KUBERNETES_EXECUTOR__POD_TEMPLATE_FILE*",
      "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_CONTAINER_*",
      "AIRFLOW__LOGGING__BASE_LOG_FOLDER*",
      "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY*",
      "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK*",
      "FORWARDED_ALLOW_IPS",
    ],
    reservedConfig: [],
  },
};

/** The version a deployment gets when none is named. */
export const defaultVersion = (app: AppType): string => appCatalog[app].versions[0].version;

/** Why a new deployment cannot have this version; undefined when it can. */
export function versionRefusal(app: AppType, version: string): string | undefined {
  const offered = appCatalog[app].versions.map((entry) => entry.version);
  if (offered.includes(version)) return undefined;
  return `${appCatalog[app].title} ${version} is not offered. Choose one of ${offered.join(", ")}.`;
}

/**
 * The versions an update passes through, the target last; empty when it is there already.
 * @returns undefined when no path leads there (a step back, or a version we do not offer)
 */
export function updatePath(app: AppType, from: string, to: string): string[] | undefined {
  if (from === to) return [];
  const entry = appCatalog[app].versions.find((candidate) => candidate.version === from);
  // The fewest steps: a direct one is taken before a stepping stone.
  if (entry?.updatesTo.includes(to)) return [to];
  const paths = (entry?.updatesTo ?? []).flatMap((next) => {
    const rest = updatePath(app, next, to);
    return rest === undefined ? [] : [[next, ...rest]];
  });
  return paths.sort((a, b) => a.length - b.length)[0];
}

/** Why an update between these versions is refused; undefined when it is allowed. */
export function updateRefusal(app: AppType, from: string, to: string): string | undefined {
  const unknown = versionRefusal(app, to);
  if (unknown !== undefined) return unknown;
  if (updatePath(app, from, to) !== undefined) return undefined;
  return `${appCatalog[app].title} cannot go from ${from} to ${to}: the database of a newer version cannot be taken back. Restore a backup instead.`;
}

/** The processes of an app whose tasks run so. */
export const processesOf = (app: AppType, executor: AirflowExecutor = DEFAULT_EXECUTOR): AppProcess[] =>
  appCatalog[app].processes.filter((entry) => entry.executor === undefined || entry.executor === executor);

/** Why a process cannot run in this many copies; undefined when it can. */
export function replicasRefusal(
  app: AppType,
  processName: string,
  replicas: number,
  executor: AirflowExecutor = DEFAULT_EXECUTOR,
): string | undefined {
  const { title } = appCatalog[app];
  const processes = processesOf(app, executor);
  const found = processes.find((entry) => entry.name === processName);
  if (found === undefined) {
    return `${title} has no process '${processName}'. It has ${processes.map((entry) => entry.name).join(", ")}.`;
  }
  if (!found.scalable && replicas !== found.defaultReplicas) {
    return `The process '${processName}' of ${title} always runs in ${found.defaultReplicas} copy.`;
  }
  if (replicas < found.minReplicas || replicas > found.maxReplicas) {
    return `The process '${processName}' runs in ${found.minReplicas} to ${found.maxReplicas} copies. To run none, stop the deployment.`;
  }
  return undefined;
}

/** Whether this environment variable is the platform's. A customer's value for it is refused, and loses where it slips through. */
export function isReservedEnvironment(app: AppType, name: string): boolean {
  return appCatalog[app].reservedEnvironment.some((entry) =>
    entry.endsWith("*") ? name.startsWith(entry.slice(0, -1)) : name === entry,
  );
}

const REFERENCE_LIKE = /\{\{[a-z-]+:[a-zA-Z0-9_-]+\}\}/;

/** Why a customer's environment variable is refused; undefined when it may be set. */
export function environmentRefusal(app: AppType, name: string, value: string): string | undefined {
  if (isReservedEnvironment(app, name))
    return `The environment variable ${name} is set by the platform. Choose another name.`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the one character no environment can carry
  if (/\u0000/.test(value))
    return `The value of ${name} holds a NUL character, which no environment variable can carry.`;
  // Such text would be taken for one of our own references when the workload is rendered.
  if (REFERENCE_LIKE.test(value)) return `The value of ${name} may not hold text of the form {{word:word}}.`;
  return undefined;
}

/** Why a customer's configuration key is refused; undefined when it may be set. */
export function configRefusal(app: AppType, key: string): string | undefined {
  if (!appCatalog[app].reservedConfig.includes(key)) return undefined;
  return key === "FEATURE_FLAGS"
    ? "Feature flags have a field of their own: feature_flags."
    : `The configuration key ${key} is set by the platform and cannot be changed.`;
}
