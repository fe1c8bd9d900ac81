/** One copy of a process, kept alive: started, probed, restarted with growing pauses, stopped politely. */
import type { z } from "zod";
import { type BackoffPolicy, backoffDelay, countFailure } from "./backoff.ts";
import type { RunRecord } from "./deployment-record.ts";
import type { ReplicaState } from "./protocol.ts";
import { nextPhase, type ReplicaEvent, type ReplicaPhase } from "./replica-phase.ts";
import { exitWords, type RunningProcess } from "./running-process.ts";

/** A started copy, as the launcher hands it over. */
export interface ReplicaRun {
  record: RunRecord;
  process: RunningProcess;
  /** True when an earlier supervisor started it. */
  adopted: boolean;
}

/** What a replica needs of its surroundings; everything about rendering and disks is behind it. */
export interface ReplicaHost {
  /** Starts the process once. @throws Error in words for the person who reads the state. */
  launch(replica: number, restarts: number): ReplicaRun;
  /** Begins to probe a run; answers how to stop. */
  probe(run: ReplicaRun, on: ProbeListener): () => void;
  /** The run answers for the first time. */
  becameReady(run: ReplicaRun): void;
  /** The run is over: last output is taken in, records are removed. */
  ended(run: ReplicaRun): void;
  graceMilliseconds(): number;
  backoff: BackoffPolicy;
  changed(): void;
}

export interface ProbeListener {
  ready(): void;
  notReady(detail: string): void;
  /** An answer that does not change the phase yet. */
  waiting(detail: string): void;
  dead(detail: string): void;
}

export class Replica {
  readonly index: number;
  readonly #host: ReplicaHost;
  #phase: ReplicaPhase = "stopped";
  #run: ReplicaRun | undefined;
  #restarts: number;
  #failures = 0;
  #lastExit: string | null = null;
  #reason: string | null = null;
  #wanted = false;
  #loop: Promise<void> | undefined;
  #released = false;
  #stopProbing = (): void => {};
  #wake = (): void => {};

  constructor(index: number, host: ReplicaHost, restarts = 0) {
    this.index = index;
    this.#host = host;
    this.#restarts = restarts;
  }

  get phase(): ReplicaPhase {
    return this.#phase;
  }

  /** The run that is on, if any. */
  get run(): ReplicaRun | undefined {
    return this.#run;
  }

  /** What the run on hand was started from; undefined when nothing runs. */
  get fingerprint(): string | undefined {
    return this.#run?.record.fingerprint;
  }

  /** Keeps a copy running from now on. @param adopted a run to go on with instead of starting one */
  start(adopted?: ReplicaRun): void {
    if (this.#wanted) return;
    this.#wanted = true;
    this.#failures = 0;
    // A start that was asked for begins a new count: what an earlier definition did says nothing about this one.
    if (adopted === undefined) this.#restarts = 0;
    const before = this.#loop ?? Promise.resolve();
    this.#loop = before.then(() => this.#keepRunning(adopted));
  }

  /** Ends a pause between two tries: what made the copy fail may be mended. */
  retryNow(): void {
    this.#failures = 0;
    this.#wake();
  }

  /** Asks the running copy by the newest probes from now on. */
  probeAnew(): void {
    const run = this.#run;
    if (run === undefined || !this.#wanted) return;
    this.#stopProbing();
    this.#stopProbing = this.#host.probe(run, this.#listener(run));
  }

  /** Stops it and resolves when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#wanted = false;
    this.#move("stop");
    this.#wake();
    const run = this.#run;
    if (run !== undefined) await run.process.terminate(this.#host.graceMilliseconds());
    await this.#loop;
  }

  /** Ends the present run; the next one starts from the newest definition. Resolves when the old one is gone. */
  async restart(): Promise<void> {
    await this.stop();
    this.start();
  }

  /** Looks away for good and leaves the process running, for the next supervisor to take over. */
  release(): void {
    this.#released = true;
    this.#wanted = false;
    this.#stopProbing();
    this.#wake();
  }

  /** As callers see it. */
  state(): z.infer<typeof ReplicaState> {
    const run = this.#run;
    return {
      replica: this.index,
      phase: this.#phase,
      pid: run?.process.identity.pid ?? null,
      startedAt: run === undefined ? null : new Date(run.record.startedAt).toISOString(),
      restarts: this.#restarts,
      lastExit: this.#lastExit,
      reason: this.#reason,
    };
  }

  async #keepRunning(adopted: ReplicaRun | undefined): Promise<void> {
    let next = adopted;
    while (this.#wanted) {
      this.#move("start");
      const livedMilliseconds = await this.#runOnce(next);
      next = undefined;
      if (!this.#wanted) break;
      this.#restarts++;
      this.#failures = countFailure(this.#host.backoff, this.#failures, livedMilliseconds);
      await this.#pause(backoffDelay(this.#host.backoff, this.#failures));
      this.#move("delay-over");
    }
    if (this.#released) return;
    this.#reason = null;
    this.#move("stopped");
  }

  async #runOnce(adopted: ReplicaRun | undefined): Promise<number> {
    let run: ReplicaRun;
    try {
      run = adopted ?? this.#host.launch(this.index, this.#restarts);
    } catch (error) {
      this.#reason = error instanceof Error ? error.message : String(error);
      this.#move("ended");
      return 0;
    }
    this.#run = run;
    if (run.adopted && run.record.ready) this.#move("readiness-good");
    this.#stopProbing = this.#host.probe(run, this.#listener(run));
    const exit = await run.process.exited;
    this.#stopProbing();
    // The run belongs to another supervisor by now.
    if (this.#released) return 0;
    await run.process.endAll();
    if (this.#released) return 0;
    this.#host.ended(run);
    this.#run = undefined;
    this.#lastExit = `${exitWords(exit)} after ${Math.round((Date.now() - run.record.startedAt) / 1000)} s`;
    this.#move("ended");
    return Date.now() - run.record.startedAt;
  }

  #listener(run: ReplicaRun): ProbeListener {
    const current = (act: () => void): void => {
      if (this.#run === run) act();
    };
    let told = run.record.ready;
    return {
      ready: () =>
        current(() => {
          if (!told) this.#host.becameReady(run);
          told = true;
          this.#reason = null;
          this.#move("readiness-good");
        }),
      notReady: (detail) =>
        current(() => {
          this.#reason = detail;
          this.#move("readiness-bad");
        }),
      waiting: (detail) =>
        current(() => {
          this.#reason = detail;
        }),
      dead: (detail) =>
        current(() => {
          this.#reason = `ended because it did not answer: ${detail}`;
          this.#move("readiness-bad");
          void run.process.terminate(this.#host.graceMilliseconds());
        }),
    };
  }

  /** A wait that `stop` can cut short. */
  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      if (!this.#wanted) this.#wake();
    });
  }

  #move(event: ReplicaEvent): void {
    const phase = nextPhase(this.#phase, event);
    if (phase === this.#phase) return;
    this.#phase = phase;
    this.#host.changed();
  }
}
