/** Renders a deployment's processes and jobs for this machine and starts them. */
import type { Probe, WorkloadJob } from "../../domain/workload.ts";
import type { DeploymentRecord, ProcessDefinition, RenderContext } from "./deployment-record.ts";
import { type DeploymentFolders, deploymentFolders } from "./folders.ts";
import { jobLogName } from "./job-runner.ts";
import type { ProbeQuestion } from "./probe-ask.ts";
import { type RenderFacts, render, renderAll, replicaPortName } from "./rendering.ts";
import type { ReplicaRun } from "./replica.ts";
import type { Runs, StartedRun } from "./runs.ts";
import { readSecrets } from "./workload-files.ts";

const isRoot = process.getuid?.() === 0;

export class WorkloadLauncher {
  readonly folders: DeploymentFolders;
  readonly #record: () => DeploymentRecord;
  readonly #runs: Runs;

  /** @param record the deployment's present record */
  constructor(record: () => DeploymentRecord, runs: Runs) {
    this.#record = record;
    this.#runs = runs;
    this.folders = deploymentFolders(record().home);
  }

  /** What references are filled in with; secrets stay out unless they are given. */
  facts(context: { publicUrl: string; size: string }, given: Partial<RenderFacts> = {}): RenderFacts {
    const record = this.#record();
    return {
      folders: this.folders,
      ports: record.ports,
      packageFolder: record.package?.folder ?? null,
      publicUrl: context.publicUrl,
      size: context.size,
      secrets: null,
      replica: 0,
      ownPorts: [],
      ...given,
    };
  }

  /** Starts one copy of a process. @throws Error when a reference is unknown or the system refuses. */
  launchReplica(definition: ProcessDefinition, replica: number, restarts: number): ReplicaRun {
    const { process, context, fingerprint } = definition;
    const facts = this.#replicaFacts(definition, replica);
    const started = this.#runs.start({
      ...this.#common(facts, { ...context.env, ...process.env }),
      ...{ name: process.name, kind: "process", replica, fingerprint, restarts },
      command: process.command.map((part) => render(part, facts)),
    });
    return { ...started, adopted: false };
  }

  /** Starts a job. @throws Error when a reference is unknown or the system refuses. */
  launchJob(job: WorkloadJob, context: RenderContext, stdin: number | undefined): StartedRun {
    const facts = this.facts(context);
    return this.#runs.start({
      ...this.#common(facts, { ...context.env, ...job.env }),
      ...{ name: jobLogName(job.name), kind: "job", replica: 0, fingerprint: job.runKey, restarts: 0 },
      command: job.command.map((part) => render(part, facts)),
      ...(stdin === undefined ? {} : { stdin }),
    });
  }

  /** A job's standard input. It is JSON, so secrets are written the way a JSON text holds them. */
  jobStdin(job: WorkloadJob, context: RenderContext): string | undefined {
    if (job.stdin === undefined) return undefined;
    const escaped = Object.entries(readSecrets(this.folders)).map(([name, value]) => [
      name,
      JSON.stringify(value).slice(1, -1),
    ]);
    return render(job.stdin, this.facts(context, { secrets: Object.fromEntries(escaped) }));
  }

  /** A probe of one copy, ready to be asked. */
  question(definition: ProcessDefinition, run: ReplicaRun, probe: Probe): ProbeQuestion {
    const { process, context } = definition;
    const facts = this.#replicaFacts(definition, run.record.replica);
    const timeoutMilliseconds = probe.timeoutSeconds * 1000;
    if (probe.kind === "http") {
      const port = facts.ports[replicaPortName(probe.port ?? "", run.record.replica)] ?? 0;
      return { kind: "http", port, path: render(probe.path ?? "/", facts), host: context.host, timeoutMilliseconds };
    }
    if (probe.kind === "heartbeat") {
      const maximumAgeMilliseconds = Math.max(probe.timeoutSeconds, probe.periodSeconds) * 1000;
      const { startedAt } = run.record;
      return { kind: "heartbeat", file: render(probe.path ?? "", facts), maximumAgeMilliseconds, startedAt };
    }
    const request = { ...this.#common(facts, { ...context.env, ...process.env }), ...run.record };
    const environment = this.#runs.environment(request, run.record);
    const command = (probe.command ?? []).map((part) => render(part, facts));
    const owner = isRoot ? request.owner : null;
    return { kind: "command", command, timeoutMilliseconds, run: { environment, folder: this.folders.data, owner } };
  }

  #replicaFacts(definition: ProcessDefinition, replica: number): RenderFacts {
    return this.facts(definition.context, { replica, ownPorts: definition.process.ports.map(({ name }) => name) });
  }

  #common(facts: RenderFacts, variables: Record<string, string>) {
    const { deploymentId, uid, gid } = this.#record();
    return {
      deploymentId,
      variables: renderAll(variables, facts),
      packageFolder: facts.packageFolder,
      folders: this.folders,
      owner: { uid, gid },
    };
  }
}
