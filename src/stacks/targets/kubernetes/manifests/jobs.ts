/** Work that must have ended well before the processes start, as Kubernetes Jobs. Pure. */

import { kubernetesJobName } from "../../../../domain/kubernetes-names.ts";
import { PHASE_ANNOTATION } from "../../../../domain/resource-phases.ts";
import { sizes } from "../../../../domain/sizes.ts";
import { type ClusterFacts, metadataOf } from "./facts.ts";
import { container, podLabels, podSpec } from "./pod.ts";
import { appVolumes, stdinPath } from "./volumes.ts";

export interface ClusterJob {
  name: string;
  /** What it does, hashed: the same thing is not done again. */
  digest: string;
  /** Rendered. */
  command: readonly string[];
  env: Readonly<Record<string, string>>;
  hasStdin: boolean;
  /** The operation phase shown while it runs. */
  phase: string;
  deadlineSeconds: number;
}

/** From a file, because a container's standard input is not ours to write; the command keeps the shell's pid. */
const WITH_STDIN = ["/bin/sh", "-c", `umask 077; exec "$@" <${stdinPath}`, "onvera"];

export function job(facts: ClusterFacts, wish: ClusterJob) {
  const { name, hasStdin } = wish;
  const { cpu, memoryMegabytes } = sizes[facts.spec.size];
  const mounted = appVolumes(facts.workload, hasStdin ? name : undefined);
  const command = hasStdin ? [...WITH_STDIN, ...wish.command] : wish.command;
  const annotations = {
    [PHASE_ANNOTATION]: wish.phase,
    // One that failed is made again by the next attempt; left alone it would only fail again.
    "pulumi.com/replaceUnready": "true",
  };
  return {
    metadata: metadataOf(facts, kubernetesJobName(name, wish.digest), name, annotations),
    spec: {
      // The operation tries again, with a cause; a second pod here would only hide the first one's words.
      backoffLimit: 0,
      activeDeadlineSeconds: Math.ceil(wish.deadlineSeconds),
      template: {
        metadata: { labels: podLabels(facts, name) },
        spec: {
          ...podSpec(facts, name, mounted),
          restartPolicy: "Never",
          containers: [container(facts, { name, command, env: wish.env, cpu, memoryMegabytes, mounted })],
        },
      },
    },
  };
}
