/** Refuses a workload no target could render, before the first resource is declared. */
import { sizeWords } from "../domain/sizes.ts";
import { secretsIn, type Workload } from "../domain/workload.ts";

const addresses: ReadonlySet<string> = new Set(["listen", "proxy"]);
const folders: ReadonlySet<string> = new Set(["config", "data", "logs", "run", "package"]);
const REFERENCE = /\{\{([a-z-]+):([a-zA-Z0-9_-]+)\}\}/g;

/** Names of every port the workload's processes listen on, in their order. */
export const portNames = (workload: Workload): string[] =>
  workload.processes.flatMap(({ ports }) => ports.map(({ name }) => name));

/**
 * Checks that each reference leads somewhere and that names are unambiguous.
 * @param offered names of the secrets the stack can supply
 * @throws Error listing all faults at once; they are ours, not the customer's
 */
export function checkWorkload(workload: Workload, offered: ReadonlySet<string>): void {
  const ports = portNames(workload);
  const secrets = new Set(workload.secrets);
  const known: Record<string, (name: string) => boolean> = {
    port: (name) => ports.includes(name),
    dir: (name) => folders.has(name),
    "secret-file": (name) => secrets.has(name),
    secret: (name) => secrets.has(name),
    host: (name) => workload.processes.some((process) => process.name === name),
    address: (name) => addresses.has(name),
    url: (name) => name === "public",
    size: (name) => sizeWords.has(name),
    pods: (name) => name === "namespace" && workload.taskPods !== undefined,
  };
  const faults = [
    ...workload.secrets.filter((name) => !offered.has(name)).map((name) => `no secret is called '${name}'`),
    ...repeated(ports).map((name) => `two ports are called '${name}'`),
    ...repeated(workload.processes.map(({ name }) => name)).map((name) => `two processes are called '${name}'`),
    ...repeated(workload.jobs.map(({ name }) => name)).map((name) => `two jobs are called '${name}'`),
    ...frontDoorFaults(workload),
    ...taskPodFaults(workload),
    ...templates(workload).flatMap(({ where, text, mayHoldSecrets }) => [
      ...[...text.matchAll(REFERENCE)]
        .filter(([, kind = "", name = ""]) => known[kind]?.(name) !== true)
        .map(([reference]) => `${where} uses the unknown reference ${reference}`),
      ...(mayHoldSecrets ? [] : secretsIn(text)).map((name) => `${where} holds secret '${name}' in clear`),
    ]),
  ];
  if (faults.length > 0) {
    throw new Error(`The workload of ${workload.app} ${workload.version} cannot be rendered: ${faults.join("; ")}.`);
  }
}

interface PlacedTemplate {
  where: string;
  text: string;
  /** Only files and a job's stdin may hold a secret's value: never argv or environment. */
  mayHoldSecrets: boolean;
}

function templates(workload: Workload): PlacedTemplate[] {
  const open = (where: string, texts: Iterable<string>): PlacedTemplate[] =>
    [...texts].map((text) => ({ where, text, mayHoldSecrets: false }));
  return [
    ...open("the environment", Object.values(workload.env)),
    ...workload.files.map(({ path, content }) => ({ where: `file ${path}`, text: content, mayHoldSecrets: true })),
    ...workload.jobs.flatMap((job) => [
      ...open(`job ${job.name}`, [...job.command, ...Object.values(job.env)]),
      { where: `job ${job.name}`, text: job.stdin ?? "", mayHoldSecrets: true },
    ]),
    ...open("the environment of task pods", Object.values(workload.taskPods?.env ?? {})),
    ...workload.processes.flatMap((process) =>
      open(`process ${process.name}`, [
        ...process.command,
        ...Object.values(process.env),
        ...[process.startup, process.liveness, process.readiness].flatMap((probe) => [
          probe?.path ?? "",
          ...(probe?.command ?? []),
        ]),
      ]),
    ),
  ];
}

function frontDoorFaults({ frontDoor, processes }: Workload): string[] {
  const process = processes.find(({ name }) => name === frontDoor.process);
  if (process?.ports.some(({ name }) => name === frontDoor.port)) return [];
  return [`the front door leads to port '${frontDoor.port}' of '${frontDoor.process}', which does not exist`];
}

/** A task's pod has no secret, so that nothing it reads may hold one. */
function taskPodFaults({ taskPods, processes, files }: Workload): string[] {
  if (taskPods === undefined) return [];
  const { madeBy, template, files: seen } = taskPods;
  return [
    ...(processes.some(({ name }) => name === madeBy)
      ? []
      : [`task pods are made by '${madeBy}', which does not exist`]),
    ...(files.some(({ path }) => path === template) ? [`two files are called '${template}'`] : []),
    ...seen.flatMap((path) => {
      const file = files.find((each) => each.path === path);
      if (file === undefined) return [`task pods see the file '${path}', which does not exist`];
      return secretsIn(file.content).map((name) => `task pods see the file '${path}', which holds secret '${name}'`);
    }),
  ];
}

const repeated = (names: readonly string[]): string[] => names.filter((name, index) => names.indexOf(name) !== index);
