/** The engine on this machine: one runner process per job, its messages turned into events, its end proven. */
import type { ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { accessOfThisNode, type StackAccess } from "../domain/stack-access.ts";
import { processIdentity } from "../local/process-identity.ts";
import type { Engine, EngineIo, EngineJob, EngineResult } from "./engine.ts";
import { engineError } from "./errors.ts";
import type { EngineEvent } from "./events.ts";
import type { ResourceFailure } from "./resource-failure.ts";
import { cliEnvironment, type StateBackend } from "./runner/environment.ts";
import { type RunnerJob, RunnerMessage, type RunnerOutcome, type RunnerRequest } from "./runner/messages.ts";
import { createRunnerPool } from "./runner/pool.ts";
import { createStartGate, endsStart } from "./start-gate.ts";

interface RegisteredRun {
  /** Resolves when nothing of the run is under way. */
  end(): Promise<void>;
}

export interface ProviderRuns {
  /**
   * Tells the host that serves now how to reach the stack's cluster.
   * @returns the value of PULUMI_DEBUG_PROVIDERS, and the host's process where it has one of its own
   */
  attach(stack: {
    stackName: string;
    access: StackAccess;
  }): Promise<{ debugProviders: string; process?: { pid: number; startTime: string } }>;
  registerRun(run: {
    operationId: string;
    generation: number;
    stackName: string;
    access: StackAccess;
    workDir: string;
  }): Promise<RegisteredRun> | RegisteredRun;
}

export interface RunnerEngineOptions {
  /** The built runner's loader. */
  runnerScript: string;
  pulumiBinary: string;
  backend: StateBackend;
  providers: ProviderRuns;
  /** Parent of the operations' scratch folders; made 0700. */
  scratchFolder: string;
  /** Runners' compiled code, to be had again; made 0700. */
  codeCacheFolder: string;
  /** How many runners wait ready. */
  warmRunners: number;
  testApps: boolean;
  /** The plugins that setup installed. */
  pluginFolder: string;
  /** Engines that start side by side; as many as there are cores when left out. */
  startsAtOnce?: number;
  /** Steps the CLI runs at once. */
  parallel?: number;
}

const DEFAULT_PARALLEL = 8;
const ORPHAN_MILLISECONDS = 60_000;
const ORPHAN_POLL_MILLISECONDS = 100;

/** Starts the engine: its scratch folder and its first warm runners. */
export async function startRunnerEngine(options: RunnerEngineOptions): Promise<Engine> {
  for (const folder of [options.scratchFolder, options.codeCacheFolder]) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }
  const path = process.env.PATH ?? "/usr/bin:/bin";
  const pool = createRunnerPool({
    script: options.runnerScript,
    codeCacheFolder: options.codeCacheFolder,
    size: options.warmRunners,
    env: { PATH: path, LANG: "C.UTF-8", HOME: options.scratchFolder, TMPDIR: options.scratchFolder },
    cwd: options.scratchFolder,
  });
  const gate = createStartGate(options.startsAtOnce ?? availableParallelism());

  return {
    close: () => pool.close(),
    async run(job, io) {
      const { access = accessOfThisNode } = job;
      const scratch = await mkdtemp(join(options.scratchFolder, "operation-"));
      let leave: (() => void) | undefined;
      const changing = job.verb !== "preview";
      let registered: RegisteredRun | undefined;
      try {
        const attached = await options.providers.attach({ stackName: job.stackName, access });
        registered = changing ? await options.providers.registerRun({ ...job, access, workDir: scratch }) : undefined;
        const env = await cliEnvironment({
          scratch,
          backend: options.backend,
          generation: changing ? job.generation : undefined,
          debugProviders: attached.debugProviders,
          pluginFolder: options.pluginFolder,
          kubeconfig: access.kubeconfig,
        });
        leave = await gate.enter(AbortSignal.any([io.interrupt, io.kill]));
        if (leave === undefined) return neverStarted;
        const child = await pool.take();
        return await supervise(child, runnerJob(job, options, env, scratch), {
          ...io,
          onProcess: (record) =>
            io.onProcess({ ...record, ...(attached.process === undefined ? {} : { provider: attached.process }) }),
          onEvent: (event) => {
            if (endsStart(event)) leave?.();
            io.onEvent(event);
          },
        });
      } finally {
        leave?.();
        // Creates that a killed CLI left in the provider host end before the next attempt may look for them.
        await registered?.end();
        await rm(scratch, { recursive: true, force: true });
      }
    },
  };
}

function runnerJob(
  job: EngineJob,
  options: RunnerEngineOptions,
  env: Record<string, string>,
  scratch: string,
): RunnerJob {
  const { generation: _generation, access: _access, mayLose, secretValues, targets, argv, ...same } = job;
  return {
    ...same,
    targets: [...targets],
    mayLose: mayLose === "all" ? "all" : [...mayLose],
    secretValues: [...secretValues],
    ...(argv === undefined ? {} : { argv: [...argv] }),
    testApps: options.testApps,
    cli: { binary: options.pulumiBinary, env, parallel: options.parallel ?? DEFAULT_PARALLEL },
    scratch,
  };
}

/** Hands the job over and waits until the runner, and with it its whole process group, is gone. */
async function supervise(child: ChildProcess, job: RunnerJob, io: EngineIo): Promise<EngineResult> {
  const group = child.pid;
  if (group === undefined) throw new Error("The runner has no pid");
  const failures: ResourceFailure[] = [];
  let outcome: RunnerOutcome | undefined;
  let fault: string | undefined;
  let cli: { pid: number; startTime: string } | undefined;

  const report = (pid: number, startTime: string) =>
    io.onProcess({ host: hostname(), pid, processGroup: group, startTime });
  const send = (request: RunnerRequest) => {
    if (child.connected) child.send(request, () => undefined);
  };
  const interrupt = () => send({ kind: "interrupt" });
  const kill = () => killGroup(group);
  const gone = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once("exit", () => resolve());
  });
  child.on("message", (raw) => {
    const message = RunnerMessage.parse(raw);
    if (message.kind === "process") {
      cli = message;
      report(message.pid, message.startTime);
    } else if (message.kind === "ended") outcome = message.outcome;
    else if (message.kind === "fault") fault = message.message;
    else if (message.kind === "event") {
      noteFailure(failures, message.event);
      io.onEvent(message.event);
    }
  });
  io.interrupt.addEventListener("abort", interrupt, { once: true });
  io.kill.addEventListener("abort", kill, { once: true });
  try {
    report(group, (await processIdentity(group)) ?? "gone");
    send({ kind: "run", job });
    if (io.interrupt.aborted) interrupt();
    if (io.kill.aborted) kill();
    await gone;
    if (outcome === undefined) await orphanGone(cli, io.kill);
    killGroup(group);
  } finally {
    io.interrupt.removeEventListener("abort", interrupt);
    io.kill.removeEventListener("abort", kill);
  }
  if (fault !== undefined) throw new Error(fault);
  return result(outcome ?? lostRunner, failures, io.interrupt.aborted);
}

/**
 * With its runner killed, a CLI starts nothing new, lets running steps finish, saves them and ends. It is given time
 * for that; whoever calls kills what is left.
 */
async function orphanGone(cli: { pid: number; startTime: string } | undefined, kill: AbortSignal): Promise<void> {
  const deadline = performance.now() + ORPHAN_MILLISECONDS;
  while (cli !== undefined && !kill.aborted && performance.now() < deadline) {
    if ((await processIdentity(cli.pid)) !== cli.startTime) return;
    await sleep(ORPHAN_POLL_MILLISECONDS);
  }
}

/** Stopped before its turn to start came. */
const neverStarted: EngineResult = { outcome: "interrupted", outputs: {}, secretOutputs: {}, changes: {} };

const lostRunner: RunnerOutcome = {
  outcome: "failed",
  outputs: {},
  secretOutputs: {},
  changes: {},
  dataLoss: [],
  cli: { stdout: "", stderr: "", exitCode: null, signal: "SIGKILL" },
};

function result(outcome: RunnerOutcome, failures: ResourceFailure[], interrupted: boolean): EngineResult {
  const { outputs, secretOutputs, changes, output } = outcome;
  const lineOutput = output === undefined ? {} : { lineOutput: output };
  if (outcome.outcome === "succeeded") return { outcome: "succeeded", outputs, secretOutputs, changes, ...lineOutput };
  const stopped = interrupted && outcome.dataLoss.length === 0;
  return {
    outcome: stopped ? "interrupted" : "failed",
    outputs,
    secretOutputs,
    changes,
    error: engineError(outcome, failures),
    cliOutput: [outcome.cli?.stderr, outcome.cli?.stdout, outcome.programError].filter(Boolean).join("\n").trim(),
  };
}

/** An error diagnostic that names a resource is the first thing a person wants to know. */
function noteFailure(failures: ResourceFailure[], event: EngineEvent): void {
  if (event.kind !== "diagnostic" || event.severity !== "error" || event.urn === undefined) return;
  const chain = event.urn.split("::")[2] ?? "";
  const type = chain.slice(chain.lastIndexOf("$") + 1);
  if (type !== "pulumi:pulumi:Stack") failures.push({ urn: event.urn, type, message: event.message });
}

function killGroup(group: number): void {
  try {
    process.kill(-group, "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
}
