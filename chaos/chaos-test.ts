/** What every chaos test is and gives, and how its result is shown. */

/** What the command line asked for; a test takes what means something to it. */
export interface ChaosOptions {
  /** Every case, not only those of each test run. */
  all: boolean;
  /** How long to go on, for tests that have no natural end; undefined for the test's own length. */
  minutes: number | undefined;
  /** How often, for tests that repeat one thing; undefined for the test's own number. */
  count: number | undefined;
  /** Only cases whose name holds this text. */
  only: string | undefined;
  /** An older version to run beside this one; undefined for none. */
  from: string | undefined;
  /** Makes random choices repeatable. */
  seed: number;
  /** One line for whoever watches; goes to standard error. */
  say(line: string): void;
}

/** What a test run asks for: its sample, told to nobody. */
export const sampleOptions: ChaosOptions = {
  all: false,
  minutes: undefined,
  count: undefined,
  only: undefined,
  from: undefined,
  seed: 1,
  say: () => undefined,
};

/** The figures of one test. What a test has no notion of is 0. */
export interface ChaosResult {
  test: string;
  /** Kills, faults or inputs tried. */
  cases: number;
  /** Of them, those after which every operation reached its end. */
  terminal: number;
  /** Things that exist and no state knows of. */
  orphans: number;
  /** Things made twice. */
  duplicates: number;
  /** Accepted work, or something made, that is gone. */
  lost: number;
  ok: boolean;
}

/** A result with what only people read. */
export interface ChaosReport {
  result: ChaosResult;
  /** What only this test counts; part of its one line. */
  figures?: Readonly<Record<string, number>>;
  /** More figures, each row of as many cells as the first, which is the head; may be empty. */
  table: readonly (readonly string[])[];
  /** One line for each thing that is not as it must be. */
  failures: readonly string[];
}

export interface ChaosTest {
  /** One line for `--help`. */
  summary: string;
  run(options: ChaosOptions): Promise<ChaosReport>;
}

/** The report as people read it. */
export function reportText({ result, figures: own = {}, table, failures }: ChaosReport): string {
  const { ok, ...common } = result;
  const figures = { ...common, ...own };
  const head = [Object.keys(figures), Object.values(figures).map(String)];
  const parts = [columns([...head.map((row, index) => [...row, index === 0 ? "" : ok ? "ok" : "FAILED"])])];
  if (table.length > 0) parts.push(columns(table));
  if (failures.length > 0) parts.push(failures.map((line) => `- ${line}`).join("\n"));
  return parts.join("\n\n");
}

function columns(rows: readonly (readonly string[])[]): string {
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
