/** What each way to run Airflow's tasks adds to its workload: settings, secrets, files, processes or pods. */
import type { AirflowExecutor } from "../../domain/airflow-executor.ts";
import type { Size } from "../../domain/sizes.ts";
import type { WorkloadFile, WorkloadProcess, WorkloadTaskPods } from "../../domain/workload.ts";
import type { Section } from "./airflow-config.ts";
import { PYTHON, packaged } from "./app-module.ts";

type Shares = Readonly<Record<"api-server" | "scheduler" | "dag-processor" | "triggerer", number>>;

export interface ExecutorParts {
  /** As airflow.cfg calls it. */
  name: string;
  sections: Record<string, Section>;
  secrets: string[];
  files: WorkloadFile[];
  processes: WorkloadProcess[];
  taskPods?: WorkloadTaskPods;
  /** Shares of the deployment's size. */
  shares: Shares;
}

/** The scheduler's holds the running tasks too, where they run beside it. */
const ordinary: Shares = { "api-server": 0.3, scheduler: 0.4, "dag-processor": 0.15, triggerer: 0.15 };

export const CONFIG_FILE = "airflow.cfg";

/**
 * @param replicas copies asked for, by process
 * @param size of the deployment
 */
export function executorParts(
  executor: AirflowExecutor,
  replicas: Readonly<Record<string, number>>,
  size: Size,
): ExecutorParts {
  const none = { sections: {}, secrets: [], files: [], processes: [], shares: ordinary };
  switch (executor) {
    case "local":
      return { ...none, name: "LocalExecutor" };
    case "kubernetes":
      return { ...none, name: "KubernetesExecutor", ...kubernetesParts(replicas.scheduler ?? 1, size) };
    case "celery":
      return { ...none, name: "CeleryExecutor", ...celeryParts(replicas.worker ?? 1, size) };
  }
}

const POD_TEMPLATE = "task-pod.yaml";
const TASK_SHARE = 0.25;

function kubernetesParts(schedulers: number, size: Size): Pick<ExecutorParts, "sections" | "taskPods"> {
  return {
    sections: {
      kubernetes_executor: {
        namespace: "{{pods:namespace}}",
        pod_template_file: `{{dir:config}}/${POD_TEMPLATE}`,
        // A scheduler that gets one at a time takes a second or more for each.
        worker_pods_creation_batch_size: size.taskParallelism,
        // Why a task failed stands in its log, which is on a volume; a pod that stays would hold its share of the quota.
        delete_worker_pods_on_failure: true,
        // A namespace that is full for the moment is not a failed task.
        task_publish_max_retries: 10,
      },
    },
    taskPods: {
      madeBy: "scheduler",
      template: POD_TEMPLATE,
      container: "base",
      files: [CONFIG_FILE],
      // Tasks ask the API server for everything. Airflow wants an address when it is imported, and never uses it.
      env: { AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: "postgresql+psycopg2:///tasks-have-no-database" },
      cpu: size.cpu * TASK_SHARE,
      memoryMegabytes: Math.round(size.memoryMegabytes * TASK_SHARE),
      // Each scheduler counts its own.
      most: size.taskParallelism * schedulers,
      gracePeriodSeconds: 60,
    },
  };
}

const WORKER_SHARE = 0.3;
const BROKER_SHARE = 0.05;
const besideWorkers: Shares = { "api-server": 0.25, scheduler: 0.16, "dag-processor": 0.12, triggerer: 0.12 };
const BROKER = "broker";
const BROKER_PORT = "queue";
const BROKER_FILE = "broker.conf";
const BROKER_SECRET = "{{secret-file:broker_password}}";

function celeryParts(workers: number, size: Size): Omit<ExecutorParts, "name"> {
  return {
    shares: besideWorkers,
    sections: {
      celery: {
        // Its password is of a kind that needs no escaping in an address.
        broker_url_cmd: `sed -e s,^,redis://:, -e s,$,@{{host:${BROKER}}}:{{port:${BROKER_PORT}}}/0, ${BROKER_SECRET}`,
        result_backend_cmd: "sed s,^postgres[a-z]*:,db+postgresql+psycopg2:, {{secret-file:database_url}}",
        worker_concurrency: size.taskParallelism,
      },
      // A worker that is killed gives its tasks back after so long; a task that runs longer would be started twice.
      celery_broker_transport_options: { visibility_timeout: 86_400 },
    },
    secrets: ["broker_password"],
    files: [{ path: BROKER_FILE, content: brokerConfig(size), executable: false }],
    processes: [worker(workers, size), broker(size)],
  };
}

function worker(replicas: number, size: Size): WorkloadProcess {
  return {
    name: "worker",
    command: [PYTHON, packaged("launch.py"), "celery", "worker", "--skip-serve-logs"],
    env: {},
    replicas,
    scalable: true,
    ports: [],
    cpu: size.cpu * WORKER_SHARE,
    memoryMegabytes: Math.round(size.memoryMegabytes * WORKER_SHARE),
    liveness: queueProbe("worker-alive", 60),
    readiness: queueProbe("worker-ready", 30),
    // It takes no further task and lets those it has end.
    gracePeriodSeconds: 120,
  };
}

/** What is queued lies on the data volume too, so that a broker that starts anew has lost nothing. */
function broker(size: Size): WorkloadProcess {
  return {
    name: BROKER,
    command: ["redis-server", `{{dir:config}}/${BROKER_FILE}`],
    env: {},
    replicas: 1,
    scalable: false,
    ports: [{ name: BROKER_PORT }],
    cpu: size.cpu * BROKER_SHARE,
    memoryMegabytes: Math.round(size.memoryMegabytes * BROKER_SHARE),
    liveness: queueProbe("broker", 30),
    readiness: queueProbe("broker", 10),
    gracePeriodSeconds: 30,
  };
}

function brokerConfig(size: Size): string {
  const lines = [
    "bind {{address:listen}}",
    "port {{port:queue}}",
    "requirepass {{secret:broker_password}}",
    "dir {{dir:data}}",
    "appendonly yes",
    "appenddirname broker",
    'save ""',
    // More than this is a queue that nobody empties: what adds to it is refused then, and what is in it stays.
    `maxmemory ${Math.round(size.memoryMegabytes * BROKER_SHARE * 0.6)}mb`,
    "maxmemory-policy noeviction",
  ];
  return `${lines.join("\n")}\n`;
}

const queueProbe = (question: string, periodSeconds: number) => ({
  kind: "command" as const,
  command: [
    PYTHON,
    packaged("queue_health.py"),
    question,
    `{{host:${BROKER}}}`,
    `{{port:${BROKER_PORT}}}`,
    BROKER_SECRET,
  ],
  timeoutSeconds: 15,
  startupGraceSeconds: 300,
  failureThreshold: 3,
  periodSeconds,
});
