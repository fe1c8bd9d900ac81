/** Starts the node's programs inside the rig, each with a log of its own, and waits until the node is ready. */
import { spawn } from "node:child_process";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { until } from "../until.ts";
import { containerdConfig, kubeletConfig, kubeProxyConfig, podNetworkConfig } from "./node-configuration.ts";
import { nodePrograms, type ProgramName, programIdentities } from "./node-programs.ts";
import { issueCertificates, kubeconfigOf } from "./rig-authority.ts";
import { insideCommand, type RigNamespace } from "./rig-namespace.ts";
import { apiPort, type RigPlace } from "./rig-place.ts";
import { run } from "./run.ts";

/** Certificates, kubeconfigs and configuration files, all below the rig's folder. */
export async function writeConfiguration(place: RigPlace): Promise<void> {
  const write = (name: string, content: unknown) =>
    writeFile(
      path.join(place.folder, name),
      typeof content === "string" ? content : JSON.stringify(content, undefined, 2),
    );
  await issueCertificates(place);
  const server = `https://${place.nodeAddress}:${apiPort}`;
  for (const name of programIdentities) await write(`${name}.kubeconfig`, await kubeconfigOf(place, name, server));
  await writeFile(place.kubeconfigFile, await kubeconfigOf(place, "admin", server), { mode: 0o600 });
  await mkdir(path.join(place.folder, "network"), { recursive: true });
  await write("network/rig.conflist", podNetworkConfig(place));
  await write("containerd.toml", containerdConfig(place));
  await write("kubelet.json", kubeletConfig(place));
  await write("kube-proxy.json", kubeProxyConfig(place));
  // Nothing outside the cluster has a name here.
  await write("resolv.conf", "");
}

/** Starts one program inside and leaves it running. */
export async function startInside(
  place: RigPlace,
  inside: RigNamespace,
  { name, command }: { name: string; command: readonly string[] },
): Promise<void> {
  const log = await open(path.join(place.logs, `${name}.log`), "a");
  const [program, args] = insideCommand(inside, command);
  const child = spawn(program, args, { detached: true, stdio: ["ignore", log.fd, log.fd], cwd: "/" });
  child.unref();
  await log.close();
}

/** containerd answers on its socket. @throws Error with the end of its log when it does not */
export async function startContainerd(place: RigPlace, inside: RigNamespace): Promise<void> {
  const config = path.join(place.folder, "containerd.toml");
  await startInside(place, inside, { name: "containerd", command: ["containerd", "--config", config] });
  await ready(place, "containerd", () => ctr(place, ["version"]));
}

/** etcd, the control plane, kubelet and kube-proxy; the node is Ready when this returns. */
export async function startKubernetes(place: RigPlace, inside: RigNamespace, kubernetes: string): Promise<void> {
  const kubectl = (...args: string[]) => run(kubernetes, ["kubectl", "--kubeconfig", place.kubeconfigFile, ...args]);
  for (const program of nodePrograms(place, kubernetes)) {
    await startInside(place, inside, program);
    if (program.name === "kube-apiserver") {
      await programReady(place, kubernetes, program.name);
      await kubectl(
        "create",
        "clusterrolebinding",
        "rig-kube-proxy",
        "--clusterrole=system:node-proxier",
        "--user=system:kube-proxy",
      );
    }
  }
  await programReady(place, kubernetes, "kubelet");
  await programReady(place, kubernetes, "kube-controller-manager");
}

/** One of the node's programs does what it is there for. @throws Error with the end of its log when it does not */
export async function programReady(place: RigPlace, kubernetes: string, name: ProgramName): Promise<void> {
  const args = readyWhen(place)[name];
  if (args === undefined) return;
  await ready(place, name, () => run(kubernetes, ["kubectl", "--kubeconfig", place.kubeconfigFile, ...args]));
}

/** What kubectl can be asked that only works with the program; nothing where nobody can tell. */
const readyWhen = ({ nodeName }: RigPlace): Partial<Record<ProgramName, string[]>> => ({
  "kube-apiserver": ["get", "--raw=/readyz"],
  "kube-controller-manager": ["get", "serviceaccount", "default", "--namespace=default"],
  kubelet: ["wait", "--for=condition=Ready", `node/${nodeName}`, "--timeout=1s"],
});

/** Runs containerd's own client. @returns its standard output */
export function ctr(place: RigPlace, args: readonly string[]): Promise<string> {
  return run("ctr", ["--address", place.containerdSocket, "--namespace", "k8s.io", ...args]);
}

async function ready(place: RigPlace, name: string, ask: () => Promise<unknown>): Promise<void> {
  let said = "";
  const isReady = () =>
    ask().then(
      () => true,
      (error: unknown) => {
        said = error instanceof Error ? error.message : String(error);
        return false;
      },
    );
  await until(isReady, `${name} is ready`, 120).catch(async (error: unknown) => {
    const log = await readFile(path.join(place.logs, `${name}.log`), "utf8").catch(() => "");
    throw new Error(
      `${error instanceof Error ? error.message : error}. ${said}\n${log.split("\n").slice(-20).join("\n")}`,
    );
  });
}
