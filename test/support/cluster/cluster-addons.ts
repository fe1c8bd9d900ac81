/** What a cluster is usually given besides Kubernetes itself: names, figures, storage, and walls between pods. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { dnsManifests } from "./dns-manifests.ts";
import { ensureGoProgram, type GoProgram } from "./go-program.ts";
import { ingressManifests, ingressNamespace } from "./ingress-manifests.ts";
import { metricsManifests } from "./metrics-manifests.ts";
import { importProgramImage } from "./rig-images.ts";
import { type RigNamespace, runInside } from "./rig-namespace.ts";
import type { RigPlace } from "./rig-place.ts";
import { run } from "./run.ts";
import { startInside } from "./start-programs.ts";

/** The storage class every claim gets that names none. */
export const storageClassName = "rig";
const provisioner = "onvera.local/folders";
const policyQueue = "100";

const addonsProgram: GoProgram = {
  name: "cluster-addons",
  title: "The cluster's add-ons (CoreDNS, metrics-server, network policies, storage)",
  version: "1",
  module: "cluster-addons",
  package: ".",
  linkerFlags: "-s -w",
  minutes: 3,
};

const ingressProgram: GoProgram = {
  name: "traefik",
  title: "The ingress controller (Traefik 3.5.0)",
  version: "3.5.0",
  module: "cluster-ingress",
  package: "github.com/traefik/traefik/v3/cmd/traefik",
  // Its own dashboard is made by another build, and the rig does not show it.
  completed: {
    module: "github.com/traefik/traefik/v3",
    files: { "webui/static/index.html": "<!doctype html><title>Traefik</title>\n" },
  },
  linkerFlags: "-s -w",
  minutes: 7,
};

export interface AddonPrograms {
  addons: string;
  ingress: string;
}

/** Finds or builds what the add-ons are started from, best before anything else needs the processors. */
export async function ensureAddonPrograms(tell: (line: string) => void): Promise<AddonPrograms> {
  const addons = await ensureGoProgram(addonsProgram, tell);
  return { addons, ingress: await ensureGoProgram(ingressProgram, tell) };
}

/**
 * Starts them; all answer when this returns.
 * @param kubernetes the program that is kubectl, too
 */
export async function startAddons(
  place: RigPlace,
  inside: RigNamespace,
  kubernetes: string,
  { addons, ingress }: AddonPrograms,
): Promise<void> {
  const kubectl = (args: string[], input?: string) =>
    run(kubernetes, ["kubectl", "--kubeconfig", place.kubeconfigFile, ...args], input);
  await startPolicies(place, inside, addons);
  await startStorage(place, inside, addons);
  const image = await importProgramImage(place, "cluster-addons", addons);
  const ingressImage = await importProgramImage(place, "traefik", ingress);
  const manifests = [
    storageClass,
    ...dnsManifests(place, image),
    ...metricsManifests(image),
    ...ingressManifests(place, ingressImage),
  ];
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests });
  await kubectl(["apply", "--server-side", "-f", "-"], list);
  const deployments = { coredns: "kube-system", "metrics-server": "kube-system", traefik: ingressNamespace };
  for (const [name, namespace] of Object.entries(deployments))
    await kubectl(["--namespace", namespace, "rollout", "status", `deployment/${name}`, "--timeout=120s"]);
}

const storageClass = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name: storageClassName, annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
  provisioner,
  reclaimPolicy: "Delete",
  volumeBindingMode: "Immediate",
};

/** Every first packet between pods, or of a pod and this machine, waits for a verdict; without a judge none passes. */
async function startPolicies(place: RigPlace, inside: RigNamespace, program: string): Promise<void> {
  const args = [`--kubeconfig=${place.kubeconfigFile}`, `--node=${place.nodeName}`, `--queue=${policyQueue}`];
  await startInside(place, inside, { name: "network-policies", command: [program, "network-policies", ...args] });
  const first = ["-m", "conntrack", "--ctstate", "NEW"];
  const judge = ["-j", "NFQUEUE", "--queue-num", policyQueue];
  await runInside(inside, ["iptables", "-t", "mangle", "-A", "FORWARD", ...first, ...judge]);
}

async function startStorage(place: RigPlace, inside: RigNamespace, program: string): Promise<void> {
  const folder = path.join(place.folder, "volumes");
  await mkdir(folder, { recursive: true });
  const args = [`--kubeconfig=${place.kubeconfigFile}`, `--provisioner=${provisioner}`, `--folder=${folder}`];
  await startInside(place, inside, { name: "storage", command: [program, "storage", ...args] });
}
