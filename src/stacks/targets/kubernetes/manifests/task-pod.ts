/** The template of the pods that an app makes, one for each task: under the same walls as the rest, and with less. Pure. */
import type { ClusterFacts } from "./facts.ts";
import { container, podEnvironment, podLabels, podSpec, renderFacts } from "./pod.ts";
import { TASK_COMPONENT } from "./task-account.ts";
import { taskVolumes } from "./volumes.ts";

/** Whatever the image starts by itself; the app's own environment comes first on the PATH. */
const RUN_ARGUMENTS = ["/usr/bin/env", "--"];

/** @returns undefined for an app that makes no pods */
export function taskPod(facts: ClusterFacts, packageFolder: string) {
  const { taskPods } = facts.workload;
  if (taskPods === undefined) return undefined;
  const { container: name, cpu, memoryMegabytes, files } = taskPods;
  const mounted = taskVolumes(facts.workload, files);
  const env = podEnvironment(facts, taskPods.env, renderFacts(facts, packageFolder));
  return {
    apiVersion: "v1",
    kind: "Pod",
    // The name is the app's to give.
    metadata: { name: "task", labels: podLabels(facts, TASK_COMPONENT) },
    spec: {
      ...podSpec(facts, TASK_COMPONENT, mounted),
      // The app decides what is tried again.
      restartPolicy: "Never",
      terminationGracePeriodSeconds: Math.ceil(taskPods.gracePeriodSeconds),
      containers: [container(facts, { name, command: RUN_ARGUMENTS, env, cpu, memoryMegabytes, mounted })],
    },
  };
}
