/** The Debian packages a rig needs, and what else it does to the machine: said before it is done. */
import { existsSync } from "node:fs";
import type { RigPlace } from "./rig-place.ts";
import { run } from "./run.ts";

/** By package, a file that is there once it is installed. */
const neededFiles: Readonly<Record<string, string>> = {
  containerd: "/usr/bin/containerd",
  runc: "/usr/sbin/runc",
  "containernetworking-plugins": "/usr/lib/cni/ptp",
  "busybox-static": "/bin/busybox",
  iptables: "/usr/sbin/iptables",
  conntrack: "/usr/sbin/conntrack",
  iproute2: "/bin/ip",
  openssl: "/usr/bin/openssl",
  debootstrap: "/usr/sbin/debootstrap",
  python3: "/usr/bin/python3",
};

/** @returns the packages that are not installed yet */
export function missingPackages(isThere: (file: string) => boolean = existsSync): string[] {
  return Object.entries(neededFiles).flatMap(([name, file]) => (isThere(file) ? [] : [name]));
}

/** @throws Error with apt's own words */
export async function installPackages(names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await run("apt-get", ["update", "-qq"]);
  const install = ["install", "-y", "-qq", "--no-install-recommends", ...names];
  await run("env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", ...install]);
}

/** What a start does to this machine, for people to read before it is done. */
export function announcement(place: RigPlace, missing: readonly string[]): string {
  return [
    `A one-node Kubernetes is started on this machine as root (rig '${place.name}'):`,
    missing.length === 0
      ? "- installs nothing: the Debian packages it needs are there"
      : `- installs the Debian packages ${missing.join(", ")} (they stay)`,
    `- adds the interface ${place.cable.here} (${place.hostAddress}) and a route to ${place.network}; removed with the rig`,
    "- processes, pods, mounts and packet-filter rules live in namespaces of their own; they end with the rig",
    `- adds control groups named ${place.controlGroup}; removed with the rig`,
    "- lets the kubelet set vm.overcommit_memory, kernel.panic and the like; put back with the rig",
    `- keeps its data in ${place.folder} (removed with the rig), images in ${place.images} (they stay)`,
  ].join("\n");
}
