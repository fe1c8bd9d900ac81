/** How many operations use the engine at once on this worker. */

export interface Slots {
  /** Takes a slot when one is free. */
  tryTake(): boolean;
  /** Waits for a slot; those who wait come before a new claim. Rejects when the signal aborts. */
  take(signal: AbortSignal): Promise<void>;
  release(): void;
  /** Releases without waking the queue: nothing was found in it. */
  giveBack(): void;
  free(): number;
}

/**
 * Makes the slots.
 * @param onFree called whenever one became free and nobody waited for it
 */
export function createSlots(count: number, onFree: () => void): Slots {
  let free = count;
  const pass = (): boolean => {
    const next = waiting.shift();
    if (next) next.resolve();
    else free += 1;
    return next === undefined;
  };
  const waiting: { resolve: () => void; signal: AbortSignal }[] = [];
  return {
    tryTake() {
      if (free === 0 || waiting.length > 0) return false;
      free -= 1;
      return true;
    },
    take(signal) {
      if (this.tryTake()) return Promise.resolve();
      return new Promise((resolve, reject) => {
        const entry = { resolve, signal };
        waiting.push(entry);
        const giveUp = () => {
          const index = waiting.indexOf(entry);
          if (index < 0) return;
          waiting.splice(index, 1);
          reject(signal.reason instanceof Error ? signal.reason : new Error("No longer wanted"));
        };
        if (signal.aborted) giveUp();
        else signal.addEventListener("abort", giveUp, { once: true });
      });
    },
    release() {
      if (pass()) onFree();
    },
    giveBack() {
      pass();
    },
    free: () => free,
  };
}
