/** One measured figure, how it is made from runs, and how it is shown. */
import { loadavg } from "node:os";

export interface Figure {
  figure: string;
  case: string;
  unit: string;
  /** Median of ours. */
  ours: number;
  /** Median of what it is compared with; null where the figure stands alone. */
  peer: number | null;
  /** ours ÷ peer, or ours where there is no peer. */
  ratio: number;
  /** What the ratio should be: `<= 1.25`, `>= 1.4`; empty for a figure that is only shown. */
  aim: string;
  ok: boolean;
  /** How many runs each median stands on, and the smallest and largest of ours. */
  runs: { count: number; least: number; most: number; load: number };
}

export interface Samples {
  ours: number[];
  peer: number[];
}

/** The middle value; the lower of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

/** The value below which that share of the samples lies, 0 to 1. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/**
 * Runs two things in turns, A B B A, so that what else the machine does falls on both alike.
 * @param pause awaited after each run, uncounted: what a run left to be done in the background ends first
 */
export async function interleave(
  count: number,
  ours: (index: number) => Promise<number>,
  peer: (index: number) => Promise<number>,
  pause: () => Promise<void>,
): Promise<Samples> {
  const samples: Samples = { ours: [], peer: [] };
  const take = async (side: "ours" | "peer", index: number) => {
    samples[side].push(await (side === "ours" ? ours : peer)(index));
    await pause();
  };
  for (let index = 0; index < count; index++) {
    const order = index % 2 === 0 ? (["ours", "peer"] as const) : (["peer", "ours"] as const);
    for (const side of order) await take(side, index);
  }
  return samples;
}

/** Makes a figure of samples; `aim` is checked against the ratio. */
export function figureOf(head: Pick<Figure, "figure" | "case" | "unit" | "aim">, { ours, peer }: Samples): Figure {
  const middle = { ours: median(ours), peer: peer.length === 0 ? null : median(peer) };
  const ratio = middle.peer === null ? middle.ours : middle.ours / middle.peer;
  return {
    ...head,
    ours: rounded(middle.ours),
    peer: middle.peer === null ? null : rounded(middle.peer),
    ratio: Math.round(ratio * 1000) / 1000,
    ok: meets(ratio, head.aim),
    runs: {
      count: ours.length,
      least: rounded(Math.min(...ours)),
      most: rounded(Math.max(...ours)),
      load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    },
  };
}

/** Whether a number meets `<= 1.25`, `>= 1.4`, or an empty aim. */
export function meets(value: number, aim: string): boolean {
  const match = /^(<=|>=) ([0-9.]+)$/.exec(aim);
  if (match === null) return true;
  return match[1] === "<=" ? value <= Number(match[2]) : value >= Number(match[2]);
}

/** A table for people. */
export function table(figures: readonly Figure[]): string {
  const rows = [
    ["figure", "case", "unit", "ours", "peer", "ratio", "aim", "", "runs", "spread"],
    ...figures.map((one) => [
      one.figure,
      one.case,
      one.unit,
      String(one.ours),
      one.peer === null ? "" : String(one.peer),
      String(one.ratio),
      one.aim,
      one.aim === "" ? "" : one.ok ? "ok" : "MISSED",
      String(one.runs.count),
      `${one.runs.least}-${one.runs.most}`,
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

const rounded = (value: number) => Math.round(value * 10) / 10;

/** @returns the milliseconds it took */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
