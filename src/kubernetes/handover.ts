/** Hands things from many who make them to one who takes them, and lets nobody run far ahead. */

export interface Handover<Thing> {
  /** Resolves when there is room for the next. */
  give(thing: Thing): Promise<void>;
  /** Ends the taker with that error, once it has what was given before. */
  fail(error: unknown): void;
  /** What was given, in its order, until the signal aborts. @throws what `fail` was given */
  taken(): AsyncGenerator<Thing>;
}

const ROOM = 1000;

/** Makes one that ends with the signal. */
export function createHandover<Thing>(signal: AbortSignal): Handover<Thing> {
  let waiting: Thing[] = [];
  let failure: { error: unknown } | undefined;
  let wake = () => {};
  let givers: (() => void)[] = [];
  const letOn = () => {
    for (const giver of givers) giver();
    givers = [];
  };
  signal.addEventListener("abort", () => {
    wake();
    letOn();
  });
  return {
    async give(thing) {
      waiting.push(thing);
      wake();
      if (waiting.length >= ROOM && !signal.aborted) await new Promise<void>((resolve) => givers.push(resolve));
    },
    fail(error) {
      failure ??= { error };
      wake();
    },
    async *taken() {
      while (!signal.aborted) {
        const batch = waiting;
        waiting = [];
        letOn();
        yield* batch;
        if (waiting.length > 0) continue;
        if (failure !== undefined) throw failure.error;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (waiting.length > 0 || failure !== undefined || signal.aborted) resolve();
        });
      }
    },
  };
}
