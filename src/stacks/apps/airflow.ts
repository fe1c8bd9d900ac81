/** Airflow 3: API server in front, scheduler, DAG processor and triggerer behind it, and what its executor adds. */
import { executorOf } from "../../domain/airflow-executor.ts";
import { appCatalog, FRONT_PORT } from "../../domain/app-catalog.ts";
import type { AirflowSettings, DeploymentSpec } from "../../domain/deployment-spec.ts";
import { type Size, sizes } from "../../domain/sizes.ts";
import type { Probe, Workload, WorkloadJob, WorkloadProcess } from "../../domain/workload.ts";
import { airflowConfig, dagsBelow } from "./airflow-config.ts";
import { CONFIG_FILE, type ExecutorParts, executorParts } from "./airflow-executors.ts";
import {
  type AppModule,
  deployMode,
  httpProbe,
  PYTHON,
  packaged,
  pythonEnvironment,
  signInParts,
} from "./app-module.ts";
import { customerEnvironment, inertJson, settingsDigest } from "./customer-text.ts";

type ProcessName = keyof ExecutorParts["shares"];

/** How long a stop waits: a scheduler lets running tasks end. */
const drainSeconds = { "api-server": 30, scheduler: 60, "dag-processor": 30, triggerer: 30 } as const;

/** Turns a spec into Airflow's workload. */
export const airflow: AppModule = (spec, identity, surroundings) => {
  const settings = spec.airflow ?? { connections: {}, variables: {} };
  const size = sizes[spec.size];
  const signIn = signInParts("airflow", identity, surroundings);
  const executor = executorParts(executorOf(spec), spec.replicas, size);
  const own: OwnFacts = { spec, size, shares: executor.shares };
  return {
    app: "airflow",
    version: spec.version,
    package: { lock: `airflow/${spec.version}`, extraRequirements: spec.requirements },
    files: [
      { path: CONFIG_FILE, content: airflowConfig(spec.version, size, settings.dags, executor), executable: false },
      ...signIn.files,
      ...executor.files,
    ],
    env: {
      ...customerEnvironment("airflow", spec),
      ...pythonEnvironment,
      AIRFLOW_HOME: "{{dir:data}}",
      AIRFLOW_CONFIG: `{{dir:config}}/${CONFIG_FILE}`,
      // Only the gateway may say who a request is from.
      FORWARDED_ALLOW_IPS: "{{address:proxy}}",
      ...signIn.env,
    },
    secrets: [
      ...["fernet_key", "api_secret_key", "jwt_secret", "admin_password", "database_url"],
      ...signIn.secrets,
      ...executor.secrets,
    ],
    jobs: [bootstrapJob(spec.version, settings)],
    processes: [
      apiServer(own),
      background(own, "scheduler", "SchedulerJob", ["--skip-serve-logs"]),
      background(own, "dag-processor", "DagProcessorJob", []),
      background(own, "triggerer", "TriggererJob", ["--skip-serve-logs"]),
      ...executor.processes,
    ],
    ...(executor.taskPods === undefined ? {} : { taskPods: executor.taskPods }),
    frontDoor: { process: "api-server", port: FRONT_PORT },
    health: appCatalog.airflow.health,
    ...gitSource(spec),
  };
};

function bootstrapJob(version: string, settings: AirflowSettings): WorkloadJob {
  const { connections, variables } = settings;
  return {
    name: "bootstrap",
    command: [PYTHON, packaged("bootstrap.py")],
    env: {},
    stdin: `{"platform":${JSON.stringify(deployMode)},"customer":${inertJson({ connections, variables })}}`,
    runKey: `${version}:${settingsDigest({ connections, variables })}`,
    phase: "running_migrations",
    deadlineSeconds: 1800,
  };
}

interface OwnFacts {
  spec: DeploymentSpec;
  size: Size;
  shares: ExecutorParts["shares"];
}

function apiServer(own: OwnFacts): WorkloadProcess {
  return {
    ...common(own, "api-server"),
    command: [
      PYTHON,
      packaged("launch.py"),
      "api-server",
      "--host",
      "{{address:listen}}",
      "--port",
      "{{port:web}}",
      "--workers",
      String(own.size.webWorkers),
      "--proxy-headers",
    ],
    ports: [{ name: FRONT_PORT }],
    // The part that tasks talk to is built at its first request, which holds everything else up for seconds of CPU: on a
    // busy node readiness fails meanwhile, and the first task gives up before the server is back.
    startup: httpProbe(FRONT_PORT, "/execution/health", { periodSeconds: 20, timeoutSeconds: 10 }),
    // The version needs no database: a server that waits for its database must not be restarted for it.
    liveness: httpProbe(FRONT_PORT, "/api/v2/version", { periodSeconds: 20, timeoutSeconds: 10 }),
    readiness: httpProbe(FRONT_PORT, appCatalog.airflow.health.path),
    scalable: true,
  };
}

function background(
  own: OwnFacts,
  name: Exclude<ProcessName, "api-server">,
  jobType: string,
  options: string[],
): WorkloadProcess {
  return {
    ...common(own, name),
    command: [PYTHON, packaged("launch.py"), name, ...options],
    ports: [],
    liveness: heartbeatProbe("alive", jobType, 30),
    readiness: heartbeatProbe("ready", jobType, 10),
    scalable: name !== "dag-processor",
  };
}

/**
 * Asks the database when this kind of process last said that it lives. Airflow's own check imports all of Airflow,
 * seconds of CPU each time; this one costs some 50 ms.
 */
function heartbeatProbe(question: "alive" | "ready", jobType: string, periodSeconds: number): Probe {
  return {
    kind: "command",
    command: [PYTHON, packaged("heartbeat.py"), question, jobType, "{{secret-file:database_url}}"],
    timeoutSeconds: 10,
    startupGraceSeconds: 300,
    failureThreshold: 3,
    periodSeconds,
  };
}

function common({ spec, size, shares }: OwnFacts, name: ProcessName) {
  return {
    name,
    env: {},
    replicas: spec.replicas[name] ?? 1,
    cpu: size.cpu * shares[name],
    memoryMegabytes: Math.round(size.memoryMegabytes * shares[name]),
    gracePeriodSeconds: drainSeconds[name],
  };
}

function gitSource(spec: DeploymentSpec): Pick<Workload, "gitSource"> {
  const dags = spec.airflow?.dags;
  if (dags === undefined) return {};
  const { url, branch, subdirectory } = dags;
  return { gitSource: { url, branch, subdirectory, into: dagsBelow, revision: spec.dags_revision } };
}
