/** A real one-node Kubernetes, started and stopped by this code. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { z } from "zod";
import { processIdentity } from "../../../src/local/process-identity.ts";
import { ensureAddonPrograms, startAddons } from "./cluster-addons.ts";
import { ensureGoProgram, kubernetesProgram, pauseProgram, removeBuildCaches } from "./go-program.ts";
import {
  makeControlGroups,
  readKernelSettings,
  removeControlGroups,
  restoreKernelSettings,
} from "./machine-changes.ts";
import type { ProgramName } from "./node-programs.ts";
import { forgetContainers, importPauseImage, importTestImage } from "./rig-images.ts";
import { endNamespaces, furnishNamespaces, makeNamespaces, type RigNamespace } from "./rig-namespace.ts";
import { apiPort, type RigPlace } from "./rig-place.ts";
import { type RigProgram, rigProgram } from "./rig-program.ts";
import { run } from "./run.ts";
import { startContainerd, startKubernetes, writeConfiguration } from "./start-programs.ts";
import { announcement, installPackages, missingPackages } from "./system-packages.ts";

export interface RunningCluster {
  place: RigPlace;
  /** `https://address:port` of the API server. */
  server: string;
  /** Of an administrator: server, authority, client certificate; nothing that runs a program or names a file. */
  kubeconfig: string;
  /** Where pods reach what this machine listens with, if it listens on this address. */
  hostAddress: string;
  /** Runs kubectl as administrator. @returns its standard output */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  /** One of the node's programs, to be taken away and brought back. */
  program(name: ProgramName): RigProgram;
  /** Ends it and undoes what it changed; a cluster that was found running is left running. */
  stop(): Promise<void>;
}

const State = z.object({
  pid: z.number().int(),
  identity: z.string(),
  kernelSettings: z.record(z.string(), z.string()),
});

/** Why no rig can be started here, or undefined. */
export function obstacle(): string | undefined {
  if (process.platform !== "linux") return "a Kubernetes node needs Linux.";
  if (process.getuid?.() !== 0)
    return "a Kubernetes node needs root: namespaces, mounts, packet filter, control groups.";
  return undefined;
}

/**
 * Starts a rig; what an ended or killed run of that name left is cleared first.
 * @param tell hears what is installed and changed, before it is, and what takes long
 * @throws Error that says why it cannot be started
 */
export async function startCluster(place: RigPlace, tell: (line: string) => void): Promise<RunningCluster> {
  const reason = obstacle();
  if (reason !== undefined) throw new Error(`The rig cannot be started: ${reason}`);
  await stopRig(place);
  const missing = missingPackages();
  tell(announcement(place, missing));
  await installPackages(missing);
  const kubernetes = await ensureGoProgram(kubernetesProgram, tell);
  const pause = await ensureGoProgram(pauseProgram, tell);
  const addonPrograms = await ensureAddonPrograms(tell);
  await removeBuildCaches();
  for (const folder of [place.folder, place.logs, place.images]) await mkdir(folder, { recursive: true });
  const kernelSettings = await readKernelSettings();
  await makeControlGroups(place);
  const inside = await makeNamespaces(place, pause);
  await writeFile(place.stateFile, JSON.stringify({ ...inside, kernelSettings }));
  try {
    await furnishNamespaces(place, inside);
    await writeConfiguration(place);
    await startContainerd(place, inside);
    await forgetContainers(place);
    await importPauseImage(place, pause);
    await importTestImage(place);
    await startKubernetes(place, inside, kubernetes);
    await startAddons(place, inside, kubernetes, addonPrograms);
  } catch (error) {
    await stopRig(place);
    throw error;
  }
  return clusterAt(place, inside, kubernetes, () => stopRig(place));
}

/** The rig of that name, if it is running. */
export async function findCluster(place: RigPlace): Promise<RunningCluster | undefined> {
  const state = await readState(place);
  if (state === undefined || (await processIdentity(state.pid)) !== state.identity) return undefined;
  if (!existsSync(place.kubeconfigFile)) return undefined;
  const kubernetes = await ensureGoProgram(kubernetesProgram, () => undefined);
  return clusterAt(place, state, kubernetes, async () => undefined);
}

/** Ends a rig, running or not, and undoes what it changed on the machine. */
export async function stopRig(place: RigPlace): Promise<void> {
  const state = await readState(place);
  if (state !== undefined) {
    await endNamespaces(place, state);
    await restoreKernelSettings(state.kernelSettings);
  }
  await removeControlGroups(place);
  await rm(place.folder, { recursive: true, force: true });
}

async function clusterAt(
  place: RigPlace,
  inside: RigNamespace,
  kubernetes: string,
  stop: () => Promise<void>,
): Promise<RunningCluster> {
  return {
    place,
    server: `https://${place.nodeAddress}:${apiPort}`,
    kubeconfig: await readFile(place.kubeconfigFile, "utf8"),
    hostAddress: place.hostAddress,
    kubectl: (args, input) => run(kubernetes, ["kubectl", "--kubeconfig", place.kubeconfigFile, ...args], input),
    program: (name) => rigProgram(place, inside, kubernetes, name),
    stop,
  };
}

async function readState(place: RigPlace): Promise<z.infer<typeof State> | undefined> {
  const text = await readFile(place.stateFile, "utf8").catch(() => undefined);
  return text === undefined ? undefined : State.parse(JSON.parse(text));
}
