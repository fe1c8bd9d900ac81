/** Somebody who asks the same thing again and again while something else happens, and keeps count. */

export interface SteadyAsking {
  /** How many were answered so far. */
  answered(): number;
  /** Ends it after the questions under way. @returns what was not answered as wanted */
  end(): Promise<string[]>;
}

/**
 * Asks until it is ended, `lanes` questions at a time, each lane without a pause.
 * @param ask resolves to what is wrong with the answer, or undefined; what it throws is wrong too
 */
export function askSteadily(lanes: number, ask: () => Promise<string | undefined>): SteadyAsking {
  const failures: string[] = [];
  let count = 0;
  let ended = false;
  const lane = async () => {
    while (!ended) {
      const wrong = await ask().catch((error: unknown) => String(error));
      if (wrong === undefined) count += 1;
      else failures.push(`after ${count} answers: ${wrong}`);
    }
  };
  const all = Promise.all(Array.from({ length: lanes }, lane));
  return {
    answered: () => count,
    async end() {
      ended = true;
      await all;
      return failures;
    },
  };
}
