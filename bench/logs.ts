/** How many lines of an app's log the supervisor takes in a second: scrubbed, numbered and written, against copying the same bytes. */
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { LogBook } from "../src/local/supervisor/log-book.ts";
import { secretScrubber } from "../src/local/supervisor/secret-scrubber.ts";
import { SpoolReader } from "../src/local/supervisor/spool-reader.ts";
import { type Figure, figureOf, interleave } from "./figure.ts";

const LINES = 200_000;
/** What a deployment of Superset has: passwords, keys, an address with a password in it. */
const SECRETS = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`secret_${n}`, `${n}-hush-${"s".repeat(24)}`]));

/** @param runs of each side, in turns */
export async function logs(runs: number): Promise<Figure[]> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-bench-logs-"));
  const spool = path.join(folder, "run.out");
  const scrub = secretScrubber(SECRETS);
  try {
    const line = (n: number) =>
      `2026-11-21 10:00:00,000 INFO [app.module] request ${n} took 12 ms, status 200, ${"x".repeat(60)}`;
    await writeFile(spool, `${Array.from({ length: LINES }, (_, n) => line(n)).join("\n")}\n`);
    // What was read is given back to the disk: each run has a file of its own.
    const perSecond = async (work: (file: string) => Promise<void>) => {
      const file = path.join(folder, "raw.out");
      await copyFile(spool, file);
      const start = performance.now();
      await work(file);
      return LINES / ((performance.now() - start) / 1000);
    };
    const samples = await interleave(
      runs,
      (index) => perSecond(async (file) => takeIn(path.join(folder, `book-${index}`), file, scrub)),
      (index) => perSecond((file) => copyFile(file, path.join(folder, `copy-${index}`))),
      async () => undefined,
    );
    return [figureOf({ figure: "logs", case: "lines taken in, of 140 bytes", unit: "lines/s", aim: "" }, samples)];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @throws Error when a line is missing */
function takeIn(folder: string, file: string, scrub: (text: string) => string): void {
  const book = new LogBook(folder);
  const reader = new SpoolReader({ name: "run.out", file, replica: 0, stream: "stdout" }, book, scrub);
  reader.pump(true);
  reader.close();
  book.close();
  if (book.lastSeq !== LINES) throw new Error(`${book.lastSeq} of ${LINES} lines were taken in.`);
}
