/** The processes, as Deployments with their disruption budgets and Services. Pure. */
import type { WorkloadProcess } from "../../../../domain/workload.ts";
import { type ClusterFacts, metadataOf, withoutAwait } from "./facts.ts";
import { container, podEnvironment, podLabels, podSpec, publicHost, renderFacts } from "./pod.ts";
import { podPort, renderForPod } from "./pod-folders.ts";
import { podSelector } from "./policies.ts";
import { podProbes } from "./probes.ts";
import { appVolumes } from "./volumes.ts";

/** Until every proxy has heard that a pod is going, requests still come in: seen for more than 5 s on a busy node. */
const LAST_REQUESTS_SECONDS = 10;
const ROLLOUT_MARGIN_SECONDS = 120;

/** What a pod reads at its start and no manifest shows: another value is another pod. */
export interface RolloutMarks {
  filesDigest: string;
  secretsVersion: string;
  packageFolder: string;
  /** Of the template of the pods an app makes, which one process alone reads. */
  taskPodDigest?: string;
}

export function deployment(facts: ClusterFacts, process: WorkloadProcess, marks: RolloutMarks) {
  const { name } = process;
  const stopped = facts.spec.power_state === "stopped";
  return {
    metadata: metadataOf(facts, name, name, withoutAwait),
    spec: {
      replicas: stopped ? 0 : process.replicas,
      revisionHistoryLimit: 2,
      progressDeadlineSeconds: Math.ceil(process.liveness?.startupGraceSeconds ?? 0) + ROLLOUT_MARGIN_SECONDS,
      // Old pods serve until new ones do, unless there may never be two.
      strategy: process.scalable
        ? { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } }
        : { type: "Recreate" },
      selector: { matchLabels: podSelector(facts, name) },
      template: {
        metadata: {
          labels: podLabels(facts, name),
          annotations: {
            "onvera.dev/files": marks.filesDigest,
            "onvera.dev/secrets": marks.secretsVersion,
            "onvera.dev/restart": facts.spec.restart_token,
            ...(marks.taskPodDigest !== undefined && name === facts.workload.taskPods?.madeBy
              ? { "onvera.dev/task-pods": marks.taskPodDigest }
              : {}),
          },
        },
        spec: pod(facts, process, marks.packageFolder),
      },
    },
  };
}

function pod(facts: ClusterFacts, process: WorkloadProcess, packageFolder: string) {
  const { name, cpu, memoryMegabytes, ports } = process;
  const mounted = appVolumes(facts.workload);
  const render = renderFacts(facts, packageFolder);
  const lastRequestsSeconds = ports.length === 0 ? 0 : LAST_REQUESTS_SECONDS;
  const command = process.command.map((part) => renderForPod(part, render));
  const env = podEnvironment(facts, process.env, render);
  return {
    ...podSpec(facts, name, mounted),
    terminationGracePeriodSeconds: Math.ceil(process.gracePeriodSeconds) + lastRequestsSeconds,
    containers: [
      {
        ...container(facts, { name, command, env, cpu, memoryMegabytes, mounted }),
        ...podProbes(process, { ...render, host: publicHost(facts) }),
        ...(ports.length === 0
          ? {}
          : {
              ports: ports.map((port) => ({ name: port.name, containerPort: podPort(facts.workload, port.name) })),
              lifecycle: { preStop: { exec: { command: ["sleep", String(lastRequestsSeconds)] } } },
            }),
      },
    ],
  };
}

/** A node that is emptied takes one pod of a process at a time. */
export const disruptionBudget = (facts: ClusterFacts, { name }: WorkloadProcess) => ({
  metadata: metadataOf(facts, name, name),
  spec: { maxUnavailable: 1, selector: { matchLabels: podSelector(facts, name) } },
});

/** Where the deployment's other processes, and the Ingress, find this one. */
export const service = (facts: ClusterFacts, { name, ports }: WorkloadProcess) => ({
  metadata: metadataOf(facts, name, name, withoutAwait),
  spec: {
    type: "ClusterIP",
    selector: podSelector(facts, name),
    ports: ports.map((port) => {
      const number = podPort(facts.workload, port.name);
      return { name: port.name, port: number, targetPort: number, protocol: "TCP" };
    }),
  },
});
