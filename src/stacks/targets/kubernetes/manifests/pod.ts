/** A pod of the app: whose uid it has, what it may do, where it may run, and its environment. Pure. */
import type { input } from "@pulumi/kubernetes/types/index.js";
import { DEPLOYMENT_LABEL } from "../../../../domain/kubernetes-names.ts";
import type { TargetContext } from "../../../../domain/program-input.ts";
import { sizes } from "../../../../domain/sizes.ts";
import { type ClusterFacts, labelsOf } from "./facts.ts";
import { APP_ACCOUNT, mostOf, POD_MAKER_ACCOUNT, scratchMegabytes } from "./namespace.ts";
import { podFolders, type RenderFacts, renderForPod } from "./pod-folders.ts";
import { podSelector } from "./policies.ts";
import { cores, megabytes } from "./quantities.ts";
import type { Mounted } from "./volumes.ts";

/** The app images' own user, which owns nothing in them. */
const APP_UID = 10_001;

/** On shared nodes a deployment is sure of a quarter of its cores, and takes the rest when nobody else needs it. */
const SURE_SHARE = { shared: 0.25, dedicated: 1, byoc: 1 } as const;

export interface ContainerWish {
  name: string;
  command: readonly string[];
  /** Rendered already. */
  env: Readonly<Record<string, string>>;
  cpu: number;
  memoryMegabytes: number;
  mounted: Mounted;
}

/** What a pod's references are filled in from; secrets' values never are. */
export const renderFacts = (facts: ClusterFacts, packageFolder: string): RenderFacts => ({
  workload: facts.workload,
  size: facts.spec.size,
  publicUrl: facts.context.publicUrl,
  namespace: facts.namespace,
  packageFolder,
});

/**
 * The environment of a process or job, rendered. Names of ours win over the workload's.
 * @param own what the process or job adds to the workload's
 */
export function podEnvironment(
  { workload }: ClusterFacts,
  own: Readonly<Record<string, string>>,
  render: RenderFacts,
): Record<string, string> {
  const templates = Object.entries({ ...workload.env, ...own });
  return {
    LANG: "C.UTF-8",
    VIRTUAL_ENV: render.packageFolder,
    ...Object.fromEntries(templates.map(([name, value]) => [name, renderForPod(value, render)])),
    HOME: podFolders.data,
    USER: "onvera",
    LOGNAME: "onvera",
    TMPDIR: podFolders.temporary,
  };
}

/** One container under Pod Security's `restricted` rules. */
export function container(facts: ClusterFacts, wish: ContainerWish): input.core.v1.Container {
  const { cpu, memoryMegabytes } = wish;
  const most = mostOf(wish, sizes[facts.spec.size]);
  return {
    name: wish.name,
    image: facts.place.image,
    imagePullPolicy: facts.place.imagePullPolicy,
    command: wish.command.map(literally),
    env: Object.entries(wish.env).map(([name, value]) => ({ name, value: literally(value) })),
    resources: {
      requests: {
        cpu: cores(Math.max(0.01, cpu * SURE_SHARE[facts.place.isolation])),
        memory: megabytes(memoryMegabytes),
        "ephemeral-storage": megabytes(scratchMegabytes.request),
      },
      limits: {
        cpu: cores(most.cpu),
        memory: megabytes(most.memoryMegabytes),
        "ephemeral-storage": megabytes(scratchMegabytes.limit),
      },
    },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    // The last words of a container that crashed stay with the pod, for whoever asks why.
    terminationMessagePolicy: "FallbackToLogsOnError",
    volumeMounts: wish.mounted.volumeMounts,
  };
}

/** What all pods of a deployment have in common. */
export function podSpec(
  facts: ClusterFacts,
  component: string,
  mounted: Mounted,
): Omit<input.core.v1.PodSpec, "containers"> {
  const { place, workload } = facts;
  const makesPods = workload.taskPods?.madeBy === component;
  return {
    serviceAccountName: makesPods ? POD_MAKER_ACCOUNT : APP_ACCOUNT,
    automountServiceAccountToken: makesPods,
    // Names and ports of every Service as variables would clash with the app's own.
    enableServiceLinks: false,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: APP_UID,
      runAsGroup: APP_UID,
      fsGroup: APP_UID,
      // A volume with many files is not walked through at every start.
      fsGroupChangePolicy: "OnRootMismatch",
      seccompProfile: { type: "RuntimeDefault" },
    },
    volumes: mounted.volumes,
    nodeSelector: place.nodeSelector,
    tolerations: place.tolerations,
    ...placement(facts, component),
  };
}

/** Labels of a pod: the deployment's, and which process or job it is. */
export const podLabels = (facts: ClusterFacts, component: string): Record<string, string> => labelsOf(facts, component);

/** The public host, as probes name it. */
export const publicHost = ({ context }: { context: TargetContext }): string => new URL(context.publicUrl).host;

function placement(
  facts: ClusterFacts,
  component: string,
): Pick<input.core.v1.PodSpec, "affinity" | "topologySpreadConstraints"> {
  const topologyKey = "kubernetes.io/hostname";
  if (facts.place.volumeAccess === "ReadWriteMany") {
    const labelSelector = { matchLabels: podSelector(facts, component) };
    return {
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey, whenUnsatisfiable: "ScheduleAnyway", labelSelector }],
    };
  }
  // Such a volume is mounted on one node only, so that all pods which share it must be there.
  const labelSelector = { matchLabels: { [DEPLOYMENT_LABEL]: facts.deploymentId } };
  return {
    affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector }] } },
  };
}

/** Kubernetes reads `$(NAME)` in commands and variables as a reference, and `$$` as one dollar. */
const literally = (text: string): string => text.replaceAll("$", "$$$$");
