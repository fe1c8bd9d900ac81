/**
 * Lets no more engines start at once than there are cores. Until its first real step an engine does nothing but
 * compute; more of them at once only take the caches from each other and all end later.
 */
import type { EngineEvent } from "./events.ts";

export interface StartGate {
  /**
   * Waits for its turn, first come first served.
   * @returns lets the next one in, may be called more than once; undefined when the signal aborted before the turn came
   */
  enter(signal: AbortSignal): Promise<(() => void) | undefined>;
}

/** A start that takes longer than this waits for something else than a core. */
const LONGEST_START_MILLISECONDS = 10_000;

/**
 * Makes a gate.
 * @param atOnce how many may compute side by side
 */
export function createStartGate(atOnce: number, longestMilliseconds = LONGEST_START_MILLISECONDS): StartGate {
  let free = Math.max(1, atOnce);
  const waiting: (() => void)[] = [];

  const pass = (): (() => void) => {
    let inside = true;
    const leave = () => {
      if (!inside) return;
      inside = false;
      clearTimeout(timer);
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    };
    const timer = setTimeout(leave, longestMilliseconds);
    return leave;
  };
  return {
    enter(signal) {
      if (signal.aborted) return Promise.resolve(undefined);
      if (free > 0) {
        free -= 1;
        return Promise.resolve(pass());
      }
      return new Promise((resolve) => {
        const come = () => {
          signal.removeEventListener("abort", giveUp);
          resolve(pass());
        };
        const giveUp = () => {
          waiting.splice(waiting.indexOf(come), 1);
          resolve(undefined);
        };
        waiting.push(come);
        signal.addEventListener("abort", giveUp, { once: true });
      });
    },
  };
}

/** Whether the engine has begun to wait for the world outside: from here on it needs little of a core. */
export const endsStart = (event: EngineEvent): boolean =>
  event.kind === "resource" && !event.component && !event.planned && event.action !== "same";
