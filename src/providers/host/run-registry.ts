/** Which runs are going on, and what of theirs is still under way. */
import type { Run } from "./hooks.ts";

export interface RegisteredRun {
  /** Forgets the run and resolves when nothing of it is under way any more. */
  end(): Promise<void>;
}

export class RunRegistry {
  readonly #runs = new Map<string, Run>();
  readonly #active = new Map<Run, Set<Promise<unknown>>>();
  readonly #names = new Map<string, Promise<unknown>>();
  #closed = false;

  /** From now on nothing new begins; what is under way goes on. */
  close(): void {
    this.#closed = true;
  }

  /** A later run of the same stack takes the earlier one's place for new connections. */
  register(run: Run): RegisteredRun {
    this.#runs.set(run.stackName, run);
    this.#active.set(run, new Set());
    return {
      end: async () => {
        if (this.#runs.get(run.stackName) === run) this.#runs.delete(run.stackName);
        await Promise.allSettled(this.#active.get(run) ?? []);
        this.#active.delete(run);
      },
    };
  }

  find(stackName: string): Run | null {
    return this.#runs.get(stackName) ?? null;
  }

  /**
   * Does the work of a run when no other work on the same physical name is under way: what a killed run began may
   * still be going on when the next attempt asks for the same thing.
   */
  async track<Result>(run: Run, name: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#closed)
      throw new Error("The operation's worker is gone: nothing new begins until another takes it over.");
    const before = this.#names.get(name) ?? Promise.resolve();
    const current = before.then(work, work);
    const active = this.#active.get(run);
    active?.add(current);
    this.#names.set(name, current);
    try {
      return await current;
    } finally {
      active?.delete(current);
      if (this.#names.get(name) === current) this.#names.delete(name);
    }
  }

  /** Resolves when nothing of any run is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#names.values()]);
  }
}
