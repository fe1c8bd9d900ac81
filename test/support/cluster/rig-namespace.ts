/**
 * The rig's own namespaces (network, mounts, processes): every process, mount, rule and interface of the rig lives in
 * them, and ends with their first process.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import path from "node:path";
import { processIdentity } from "../../../src/local/process-identity.ts";
import { until } from "../until.ts";
import { ownFolders } from "./node-configuration.ts";
import type { RigPlace } from "./rig-place.ts";
import { run } from "./run.ts";

export interface RigNamespace {
  /** The first process inside, as this machine numbers it. */
  pid: number;
  /** Tells it from a later process with the same number. */
  identity: string;
}

/** Makes the namespaces, empty but for their first process. */
export async function makeNamespaces(place: RigPlace, pauseProgram: string): Promise<RigNamespace> {
  const log = await open(path.join(place.logs, "namespace.log"), "a");
  const isolated = [
    "--net",
    "--mount",
    "--pid",
    "--ipc",
    "--uts",
    "--fork",
    "--mount-proc",
    "--propagation",
    "private",
  ];
  const outer = spawn("unshare", [...isolated, "--kill-child=SIGKILL", pauseProgram], {
    detached: true,
    stdio: ["ignore", log.fd, log.fd],
  });
  outer.unref();
  await log.close();
  const pid = await firstChild(outer.pid ?? 0);
  const identity = await processIdentity(pid);
  if (identity === undefined) throw new Error(`The rig's namespaces were not made: see ${place.logs}/namespace.log`);
  return { pid, identity };
}

/** Lays the cable between the rig and this machine, and gives the rig system folders of its own. */
export async function furnishNamespaces(place: RigPlace, inside: RigNamespace): Promise<void> {
  await connect(place, inside);
  // The kubelet's folders have fixed names: made in an empty /var/lib of the rig's own, they never exist outside.
  for (const folder of ["/run", "/var/lib"])
    await runInside(inside, ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder]);
  for (const { from, to } of ownFolders(place)) {
    await mkdir(from, { recursive: true });
    await runInside(inside, ["mkdir", "-p", to]);
    await runInside(inside, ["mount", "--bind", from, to]);
  }
  // What a pod mounts below a shared folder is seen by the kubelet, and by nobody outside.
  await runInside(inside, ["mount", "--make-rshared", "/"]);
  await runInside(inside, ["hostname", place.nodeName]);
}

/** The command line that runs a program inside the namespaces. */
export const insideCommand = (inside: RigNamespace, command: readonly string[]): [string, string[]] => [
  "nsenter",
  ["--target", String(inside.pid), "--net", "--mount", "--pid", "--ipc", "--uts", "--", ...command],
];

/** Runs a program inside to its end. @returns its standard output */
export function runInside(inside: RigNamespace, command: readonly string[], input?: string): Promise<string> {
  return run(...insideCommand(inside, command), input);
}

/** Ends every process inside, and with them mounts, rules and interfaces. A rig that is gone already is none. */
export async function endNamespaces(place: RigPlace, { pid, identity }: RigNamespace): Promise<void> {
  if ((await processIdentity(pid)) === identity) process.kill(pid, "SIGKILL");
  await until(async () => (await processIdentity(pid)) !== identity, `the rig's process ${pid} has ended`, 60);
  // The kernel takes the network apart a moment after the last process has left it.
  const cable = path.join("/sys/class/net", place.cable.here);
  await until(async () => !existsSync(cable), `the interface ${place.cable.here} is gone`, 60);
}

async function connect(place: RigPlace, inside: RigNamespace): Promise<void> {
  const { here, there } = place.cable;
  await run("ip", ["link", "add", here, "type", "veth", "peer", "name", there, "netns", String(inside.pid)]);
  await run("ip", ["address", "add", `${place.hostAddress}/${place.linkPrefixLength}`, "dev", here]);
  await run("ip", ["link", "set", here, "up"]);
  await runInside(inside, ["ip", "link", "set", "lo", "up"]);
  await runInside(inside, ["ip", "address", "add", `${place.nodeAddress}/${place.linkPrefixLength}`, "dev", there]);
  await runInside(inside, ["ip", "link", "set", there, "up"]);
  await runInside(inside, ["ip", "route", "add", "default", "via", place.hostAddress]);
  await runInside(inside, ["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"]);
  await run("ip", ["route", "add", place.network, "via", place.nodeAddress]);
}

/** `unshare` forks once: its child is the namespaces' first process. */
async function firstChild(parent: number): Promise<number> {
  let child = 0;
  const asked = async () => {
    const text = await readFile(`/proc/${parent}/task/${parent}/children`, "utf8").catch(() => "");
    child = Number(text.trim().split(" ")[0] ?? 0);
    if (child === 0) return false;
    // Until then it is a copy of `unshare` that still mounts.
    return (await readFile(`/proc/${child}/comm`, "utf8").catch(() => "")).trim() === "pause";
  };
  await until(asked, "the rig's namespaces are made", 10);
  return child;
}
