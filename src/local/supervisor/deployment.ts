/** One deployment on this node: its record, and the processes and jobs that run for it. */
import path from "node:path";
import type { DeploymentRecord, ProcessDefinition, RunRecord } from "./deployment-record.ts";
import type { DeploymentFolders, Owner } from "./folders.ts";
import { JobRunner, jobLogName } from "./job-runner.ts";
import type { LogCollector } from "./log-collector.ts";
import type { ResolvedOptions } from "./options.ts";
import type { SupervisorPaths } from "./paths.ts";
import { ProcessGroup } from "./process-group.ts";
import type { ProcessState } from "./protocol.ts";
import type { ReplicaHost, ReplicaRun } from "./replica.ts";
import { startReplicaProbes } from "./replica-probes.ts";
import type { Runs, StartedRun } from "./runs.ts";
import { sealRecord } from "./sealed-record.ts";
import { secretScrubber } from "./secret-scrubber.ts";
import { DurableFile } from "./state-file.ts";
import { readSecrets } from "./workload-files.ts";
import { WorkloadLauncher } from "./workload-launcher.ts";

/** What all deployments of a node share. */
export interface NodeServices {
  options: ResolvedOptions;
  paths: SupervisorPaths;
  logs: LogCollector;
  runs: Runs;
}

/** A run an earlier supervisor started, with its place. */
interface Adopted {
  replica: number;
  restarts: number;
  run: ReplicaRun;
}

export class Deployment {
  readonly jobs: JobRunner;
  readonly launcher: WorkloadLauncher;
  readonly #services: NodeServices;
  readonly #groups = new Map<string, ProcessGroup>();
  readonly #file: DurableFile;
  #record: DeploymentRecord;
  #saved: Promise<void> = Promise.resolve();
  #scrub: (text: string) => string = (text) => text;

  constructor(record: DeploymentRecord, services: NodeServices) {
    this.#record = record;
    this.#services = services;
    this.#file = new DurableFile(path.join(services.paths.deployments, `${record.deploymentId}.json`));
    this.launcher = new WorkloadLauncher(() => this.#record, services.runs);
    this.learnSecrets(this.readSecrets());
    this.jobs = new JobRunner({
      recall: (name) => this.#record.jobs[name],
      remember: (name, job) => {
        this.save({ jobs: { ...this.#record.jobs, [name]: job } });
        return this.saved;
      },
      launch: (job, context, stdin) => this.launcher.launchJob(job, context, stdin),
      ended: (run) => services.runs.finish(run, this.folders),
      stdin: (job, context) => this.launcher.jobStdin(job, context),
      privateFolder: services.paths.root,
      deploymentId: record.deploymentId,
      logs: services.logs,
    });
  }

  get record(): DeploymentRecord {
    return this.#record;
  }

  get folders(): DeploymentFolders {
    return this.launcher.folders;
  }

  get owner(): Owner {
    return { uid: this.#record.uid, gid: this.#record.gid };
  }

  get groups(): ProcessGroup[] {
    return [...this.#groups.values()];
  }

  /** Takes the deployment's secrets out of a text. */
  clean(text: string): string {
    return this.#scrub(text);
  }

  /** The secrets as last written. */
  readSecrets(): Record<string, string> {
    return readSecrets(this.folders);
  }

  /** From now on these are hidden. */
  learnSecrets(secrets: Record<string, string>): void {
    this.#scrub = secretScrubber(secrets);
  }

  /** Changes what is remembered. It holds at once; who answers for it waits for `saved` first. */
  save(changes: Partial<DeploymentRecord>): void {
    this.#record = { ...this.#record, ...changes };
    this.#saved = this.#file.write(sealRecord(this.#services.paths.sealingKey, this.#record));
    // Whoever must know waits for it; the others go on with what is in memory.
    this.#saved.catch((error: unknown) => {
      this.#services.options.report(`The record of ${this.#record.deploymentId} was not written: ${String(error)}`);
    });
  }

  /** Resolves when the disk has all that was remembered so far. @throws the system's error when it refuses */
  get saved(): Promise<void> {
    return this.#saved;
  }

  /** Takes the record off the disk. */
  forget(): Promise<void> {
    return this.#file.remove();
  }

  /** Brings everything back after a start of the supervisor: what runs is taken over, what ended is settled. */
  begin(runs: RunRecord[]): void {
    const adopted = new Map<string, Adopted[]>();
    for (const record of runs) {
      const started = this.#services.runs.adopt(record);
      if (record.kind === "job") this.#takeOverJob(record, started);
      else if (started === undefined) this.#services.runs.finish(record, this.folders);
      else {
        const { name, replica, restarts } = record;
        adopted.set(name, [...(adopted.get(name) ?? []), { replica, restarts, run: { ...started, adopted: true } }]);
      }
    }
    for (const name of Object.keys(this.#record.jobs)) this.jobs.forgetUnstarted(name);
    for (const [name, definition] of Object.entries(this.#record.processes)) {
      const { newest, older } = onePerReplica(adopted.get(name) ?? []);
      const leaving = older.map(({ run }) => this.#discard(run));
      this.#group(definition).begin(newest, leaving);
      adopted.delete(name);
    }
    for (const { run } of [...adopted.values()].flat()) void this.#discard(run);
  }

  /** Sets what is wanted of one process. */
  setProcess(definition: ProcessDefinition): void {
    const { name } = definition.process;
    this.save({ processes: { ...this.#record.processes, [name]: definition } });
    const known = this.#groups.get(name);
    if (known === undefined) this.#group(definition).begin([], []);
    else void known.apply(definition);
  }

  /** Drains a process and forgets it. */
  async removeProcess(name: string): Promise<void> {
    const { [name]: _removed, ...rest } = this.#record.processes;
    this.save({ processes: rest });
    const group = this.#groups.get(name);
    this.#groups.delete(name);
    await group?.stop();
  }

  /** Ends everything that runs. What is wanted stays on record. */
  async stop(): Promise<void> {
    await Promise.all([this.jobs.stop(), ...this.groups.map((group) => group.stop())]);
  }

  /** Looks away and leaves everything running. */
  release(): void {
    this.jobs.release();
    for (const group of this.groups) group.release();
  }

  /** Every process as callers see it. */
  processStates(): ProcessState[] {
    return this.groups.map((group) => {
      const state = group.state();
      const replicas = state.replicas.map((each) => ({
        ...each,
        reason: each.reason === null ? null : this.clean(each.reason),
      }));
      return { ...state, replicas };
    });
  }

  #group(definition: ProcessDefinition): ProcessGroup {
    const group = new ProcessGroup(definition, (each) => this.#replicaHost(each));
    this.#groups.set(group.name, group);
    return group;
  }

  #replicaHost(group: ProcessGroup): ReplicaHost {
    return {
      launch: (replica, restarts) => this.launcher.launchReplica(group.definition, replica, restarts),
      probe: (run, on) => {
        const { definition } = group;
        return startReplicaProbes(
          definition.process,
          run,
          (probe) => this.launcher.question(definition, run, probe),
          on,
        );
      },
      becameReady: (run) => this.#services.runs.noteReady(run.record),
      ended: (run) => this.#services.runs.finish(run.record, this.folders),
      graceMilliseconds: () => group.definition.process.gracePeriodSeconds * 1000,
      backoff: this.#services.options.backoff,
      changed: () => group.noteChange(),
    };
  }

  #takeOverJob(record: RunRecord, started: StartedRun | undefined): void {
    const job = Object.values(this.#record.jobs).find(({ job }) => jobLogName(job.name) === record.name)?.job;
    if (job === undefined) this.#endUnknownJob(record, started);
    else if (started === undefined) this.jobs.settle(job.name, record);
    else this.jobs.adopt(job, started);
  }

  /** Removed while the supervisor was away; nobody waits for it any more. */
  #endUnknownJob(record: RunRecord, started: StartedRun | undefined): void {
    started?.process.killAll();
    this.#services.runs.finish(record, this.folders);
  }

  async #discard(run: ReplicaRun): Promise<void> {
    await run.process.terminate(10_000);
    this.#services.runs.finish(run.record, this.folders);
  }
}

/** A kill during a change-over leaves two runs of one copy; the newer one is the successor. */
function onePerReplica(adopted: Adopted[]): { newest: Adopted[]; older: Adopted[] } {
  const byAge = [...adopted].sort((a, b) => a.run.record.startedAt - b.run.record.startedAt);
  const newest = [...new Map(byAge.map((each) => [each.replica, each])).values()];
  return { newest, older: byAge.filter((each) => !newest.includes(each)) };
}
