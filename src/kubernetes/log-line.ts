/** One line of a container's log as the cluster gives it, with the number a reader goes on from. Pure. */

export interface ContainerLine {
  /** Made of the line's own time, so that whoever reads it gives it the same number. */
  seq: number;
  atMilliseconds: number;
  text: string;
}

/** Steps of 125 ns since 2020: finer than lines are written one after another, and exact in a number until 2055. */
const BASE_SECONDS = Date.UTC(2020, 0, 1) / 1000;
const STEPS_A_SECOND = 8_000_000;
const STEP_NANOSECONDS = 125;

const STAMP = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** Reads `<time> <text>`; undefined for what has no time: a remark of the node, not a line of the app. */
export function readLogLine(raw: string): ContainerLine | undefined {
  const end = raw.indexOf(" ");
  const [, moment, fraction = "", zone] = STAMP.exec(end === -1 ? raw : raw.slice(0, end)) ?? [];
  if (moment === undefined || zone === undefined) return undefined;
  const seconds = Date.parse(`${moment}${zone}`) / 1000;
  const nanoseconds = Number(fraction.padEnd(9, "0"));
  return {
    seq: (seconds - BASE_SECONDS) * STEPS_A_SECOND + Math.floor(nanoseconds / STEP_NANOSECONDS),
    atMilliseconds: seconds * 1000 + Math.floor(nanoseconds / 1_000_000),
    text: end === -1 ? "" : raw.slice(end + 1),
  };
}

/** The second a line with that number is of, for the cluster to begin at: `2026-11-22T00:45:04Z`. */
export function sinceTimeOf(seq: number): string {
  const seconds = BASE_SECONDS + Math.floor(seq / STEPS_A_SECOND);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
