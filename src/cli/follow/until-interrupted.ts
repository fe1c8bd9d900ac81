/** Runs work that goes on until Ctrl+C, which ends it quietly. */
import type { Io } from "../io.ts";

/** @param work is given a signal that aborts on Ctrl+C */
export async function untilInterrupted<T>(io: Io, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const abort = new AbortController();
  const undo = io.onInterrupt(() => abort.abort());
  try {
    return await work(abort.signal);
  } finally {
    undo();
  }
}
