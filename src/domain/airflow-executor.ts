/** Where an Airflow runs its tasks, and which kind of cluster can do that. */

export const airflowExecutors = ["local", "kubernetes", "celery"] as const;
export type AirflowExecutor = (typeof airflowExecutors)[number];

/** A specification that says nothing runs its tasks beside the scheduler. */
export const DEFAULT_EXECUTOR: AirflowExecutor = "local";

/** The executor a specification asks for. */
export const executorOf = (spec: { airflow?: { executor?: AirflowExecutor | undefined } | undefined }) =>
  spec.airflow?.executor ?? DEFAULT_EXECUTOR;

/** Why a cluster of this kind cannot run tasks so; undefined when it can. */
export function executorRefusal(executor: AirflowExecutor, clusterKind: string): string | undefined {
  if (executor === "local" || clusterKind !== "local") return undefined;
  return `The executor '${executor}' needs a Kubernetes cluster, and this environment is on this machine. Choose 'local', or an environment on a Kubernetes cluster.`;
}
