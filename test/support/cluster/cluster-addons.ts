/** What a cluster is usually given besides Kubernetes itself: names, figures, storage, and walls between pods. */
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { dnsManifests } from "./dns-manifests.ts";
import { ensureGoProgram, type GoProgram } from "./go-program.ts";
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

/**
 * Starts them; all answer when this returns.
 * @param kubernetes the program that is kubectl, too
 */
export async function startAddons(
  place: RigPlace,
  inside: RigNamespace,
  kubernetes: string,
  tell: (line: string) => void,
): Promise<void> {
  const program = await ensureGoProgram(addonsProgram, tell);
  const kubectl = (args: string[], input?: string) =>
    run(kubernetes, ["kubectl", "--kubeconfig", place.kubeconfigFile, ...args], input);
  await startPolicies(place, inside, program);
  await startStorage(place, inside, program);
  const image = await importProgramImage(place, "cluster-addons", program);
  const manifests = [storageClass, ...dnsManifests(place, image), ...metricsManifests(image)];
  const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests });
  await kubectl(["apply", "--server-side", "-f", "-"], list);
  for (const name of ["coredns", "metrics-server"])
    await kubectl(["--namespace=kube-system", "rollout", "status", `deployment/${name}`, "--timeout=120s"]);
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
