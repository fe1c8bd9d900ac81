/** Chance that can be repeated: the same seed gives the same faults at the same places. */

export interface Chance {
  /** From 0 up to, not including, 1. */
  next(): number;
  /** One of them. @throws Error when there is none */
  pick<T>(choices: readonly T[]): T;
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
}

/** Makes a chance of its own (mulberry32). */
export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    pick(choices) {
      const choice = choices[Math.floor(next() * choices.length)];
      if (choice === undefined) throw new Error("There is nothing to pick from");
      return choice;
    },
    whole: (least, most) => least + Math.floor(next() * (most - least + 1)),
  };
}
