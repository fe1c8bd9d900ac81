/** Jobs: run once per run key, waited for by whoever asks, known to the end even when the supervisor is not there. */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { WorkloadJob } from "../../domain/workload.ts";
import type { JobRecord, RenderContext, RunRecord } from "./deployment-record.ts";
import type { LogCollector } from "./log-collector.ts";
import { lastRecords } from "./log-query.ts";
import type { JobResult } from "./protocol.ts";
import { RequestError } from "./request-error.ts";
import type { StartedRun } from "./runs.ts";

/** How long a job has between the polite signal at its deadline and the hard one. */
const DEADLINE_GRACE_MILLISECONDS = 10_000;
const LAST_LINES = 40;
/** What a timer can hold: some 24 days. */
const LONGEST_TIMER_MILLISECONDS = 2 ** 31 - 1;

/** Log name of a job. */
export const jobLogName = (job: string): string => `job-${job}`;

export interface JobHost {
  /** What is remembered of a job; undefined before its first run. */
  recall(name: string): JobRecord | undefined;
  /** Resolves when the disk has it. */
  remember(name: string, record: JobRecord): Promise<void>;
  /** Starts the job. `stdin` is an open file. @throws Error when it cannot be started. */
  launch(job: WorkloadJob, context: RenderContext, stdin: number | undefined): StartedRun;
  ended(run: RunRecord): void;
  /** The job's standard input, secrets filled in; undefined when it has none. */
  stdin(job: WorkloadJob, context: RenderContext): string | undefined;
  /** A folder only the supervisor reads. */
  privateFolder: string;
  deploymentId: string;
  logs: LogCollector;
}

interface RunningJob {
  runKey: string;
  done: Promise<JobResult>;
  /** Undefined until it has been started. */
  run: StartedRun | undefined;
  /** Ends the job at its deadline. */
  timer: NodeJS.Timeout | undefined;
  endedBecause: string | null;
  /** Set while it is being started: it ends as soon as it runs. */
  unwanted: boolean;
}

export class JobRunner {
  readonly #host: JobHost;
  readonly #running = new Map<string, RunningJob>();
  #released = false;

  constructor(host: JobHost) {
    this.#host = host;
  }

  /**
   * Runs a job, rendered for a revision, unless the same run key ended well before; joins it when it is running.
   * @throws Error when it cannot be started at all
   */
  async run(job: WorkloadJob, context: RenderContext): Promise<JobResult> {
    const active = this.#running.get(job.name);
    if (active?.runKey === job.runKey) return active.done;
    if (active !== undefined) {
      // The same job for another key, such as an older version's migration: two must not work on one database at once.
      await active.done.catch(() => {});
      return this.run(job, context);
    }
    const earlier = this.#host.recall(job.name);
    if (earlier?.job.runKey === job.runKey && earlier.state === "done" && earlier.exitCode === 0) {
      return this.#result(earlier, true);
    }
    return this.#track(job, () => this.#start(job, context));
  }

  /** Goes on waiting for a job an earlier supervisor started. */
  adopt(job: WorkloadJob, run: StartedRun): void {
    void this.#track(job, async () => run);
  }

  /** A job that ended while no supervisor ran: its exit code is on the disk. Whoever asks meanwhile waits for it. */
  settle(name: string, run: RunRecord): void {
    const record = this.#host.recall(name);
    if (record?.state !== "running") {
      this.#host.ended(run);
      return;
    }
    const conclude = async (): Promise<JobResult> => {
      const result = await this.#conclude({ ...record, runId: run.runId }, run);
      return { ...result, alreadyDone: result.exitCode === 0 };
    };
    void this.#register(record.job, conclude);
  }

  /** A job that was on record as running and left no trace of a run: it never started. */
  forgetUnstarted(name: string): void {
    const record = this.#host.recall(name);
    if (record?.state !== "running" || this.#running.has(name)) return;
    void this.#host.remember(name, ended(record, null)).catch(() => {});
  }

  /** Looks away and leaves running jobs alone, for the next supervisor to take over. */
  release(): void {
    this.#released = true;
    for (const { timer } of this.#running.values()) clearTimeout(timer);
  }

  /** Ends all running jobs. */
  async stop(): Promise<void> {
    const active = [...this.#running.values()];
    for (const entry of active) entry.unwanted = true;
    await Promise.all(active.map(({ run }) => run?.process.terminate(DEADLINE_GRACE_MILLISECONDS)));
    await Promise.all(active.map(({ done }) => done.catch(() => {})));
  }

  #track(job: WorkloadJob, start: () => Promise<StartedRun>): Promise<JobResult> {
    return this.#register(job, (entry) => this.#see(job, entry, start));
  }

  /** Known as running from this moment on: whoever asks meanwhile joins. */
  #register(job: WorkloadJob, work: (entry: RunningJob) => Promise<JobResult>): Promise<JobResult> {
    const running = { runKey: job.runKey, run: undefined, timer: undefined, endedBecause: null, unwanted: false };
    const entry: RunningJob = Object.assign(running, { done: Promise.resolve().then(() => work(entry)) });
    this.#running.set(job.name, entry);
    const forget = (): void => {
      if (this.#running.get(job.name) === entry) this.#running.delete(job.name);
    };
    // Also keeps a failure nobody waits for from ending the supervisor.
    entry.done.then(forget, forget);
    return entry.done;
  }

  async #see(job: WorkloadJob, entry: RunningJob, start: () => Promise<StartedRun>): Promise<JobResult> {
    const run = await start();
    entry.run = run;
    if (entry.unwanted) void run.process.terminate(DEADLINE_GRACE_MILLISECONDS);
    const milliseconds = run.record.startedAt + job.deadlineSeconds * 1000 - Date.now();
    const end = (): void => {
      entry.endedBecause = `its deadline of ${job.deadlineSeconds} s had passed`;
      void run.process.terminate(DEADLINE_GRACE_MILLISECONDS);
    };
    entry.timer = setTimeout(end, Math.min(Math.max(0, milliseconds), LONGEST_TIMER_MILLISECONDS));
    await run.process.exited;
    clearTimeout(entry.timer);
    if (this.#released)
      throw new RequestError(503, "SUPERVISOR_ENDED", "The supervisor ended while the job ran; ask again.");
    await run.process.endAll();
    const record = this.#host.recall(job.name);
    if (record === undefined) throw new RequestError(409, "JOB_REMOVED", `Job ${job.name} was removed while it ran.`);
    return this.#conclude({ ...record, runId: run.record.runId, endedBecause: entry.endedBecause }, run.record);
  }

  async #start(job: WorkloadJob, context: RenderContext): Promise<StartedRun> {
    const stdin = this.#openStdin(job, context);
    const times = { startedAt: Date.now(), endedAt: null, endedBecause: null };
    const record: JobRecord = { job, runId: "", state: "running", exitCode: null, ...times };
    try {
      // Remembered before it starts: a supervisor killed in between must know what it finds running.
      await this.#host.remember(job.name, record);
      return this.#host.launch(job, context, stdin);
    } catch (error) {
      void this.#host.remember(job.name, ended(record, null)).catch(() => {});
      throw error;
    } finally {
      if (stdin !== undefined) closeSync(stdin);
    }
  }

  async #conclude(record: JobRecord, run: RunRecord): Promise<JobResult> {
    const done = ended(record, readExitCode(this.#host.logs.spoolFiles(run).exitCode));
    // First the result, then the traces it was made from: a kill in between finds one of the two.
    await this.#host.remember(record.job.name, done);
    this.#host.ended(run);
    return this.#result(done, false);
  }

  #result(record: JobRecord, alreadyDone: boolean): JobResult {
    const book = this.#host.logs.book(this.#host.deploymentId, jobLogName(record.job.name));
    const lastLines = lastRecords(book, LAST_LINES)
      .filter(({ source }) => source.startsWith(`${record.runId}.`))
      .map(({ text }) => text);
    if (record.endedBecause !== null) lastLines.push(`Ended by the supervisor: ${record.endedBecause}.`);
    const durationMilliseconds = (record.endedAt ?? record.startedAt) - record.startedAt;
    return { exitCode: record.exitCode, alreadyDone, durationMilliseconds, lastLines };
  }

  /** A file without a name: it is gone with the job, and a kill of the supervisor cannot cut it short as it would a pipe. */
  #openStdin(job: WorkloadJob, context: RenderContext): number | undefined {
    const text = this.#host.stdin(job, context);
    if (text === undefined) return undefined;
    const file = path.join(this.#host.privateFolder, `stdin-${process.pid}-${Date.now()}-${job.name}`);
    try {
      writeFileSync(file, text, { mode: 0o600, flag: "wx" });
      return openSync(file, "r");
    } finally {
      rmSync(file, { force: true });
    }
  }
}

function ended(record: JobRecord, exitCode: number | null): JobRecord {
  return { ...record, state: "done", exitCode, endedAt: Date.now() };
}

/** Null when the job was killed before it could say. */
function readExitCode(file: string): number | null {
  try {
    const text = readFileSync(file, "utf8").trim();
    return /^\d+$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}
