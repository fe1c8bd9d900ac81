/** The shape every control-plane verb has; the CLI's own interface is structurally the same. */
import type { Progress } from "../domain/progress.ts";

export interface VerbIo {
  out(text: string): void;
  err(text: string): void;
  progress: Progress;
  /** Aborted on Ctrl+C. */
  signal: AbortSignal;
}

export type VerbOptions = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** Runs a verb and gives its exit code. */
export type Verb = (options: VerbOptions, io: VerbIo) => Promise<number>;
