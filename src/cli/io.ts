/** The terminal as the commands see it: data out, talk beside it, and whether anybody is there to answer. */
import type { Readable } from "node:stream";

export interface Io {
  /** Data: what a script reads. */
  out(text: string): void;
  /** Talk: questions, hints, warnings, errors. */
  err(text: string): void;
  readonly stdin: Readable & { isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Somebody can be asked. */
  readonly canAsk: boolean;
  /** Standard output may be redrawn. */
  readonly outIsLive: boolean;
  readonly errIsLive: boolean;
  readonly outHasColor: boolean;
  readonly errHasColor: boolean;
  /** Width of the terminal, characters. */
  readonly columns: number;
  /** Calls `handler` on Ctrl+C instead of ending the process; the returned function undoes it. */
  onInterrupt(handler: () => void): () => void;
  now(): number;
}

/** The process's own streams. CI, TERM=dumb and NO_COLOR (https://no-color.org) are honoured. */
export function processIo(): Io {
  const { env, stdin, stdout, stderr } = process;
  const isDumb = env.TERM === "dumb";
  const isCi = env.CI !== undefined && env.CI !== "" && env.CI !== "false";
  const hasColor = (stream: { isTTY?: boolean }) => stream.isTTY === true && !isDumb && !env.NO_COLOR;
  const isLive = (stream: { isTTY?: boolean }) => stream.isTTY === true && !isDumb && !isCi;
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    stdin,
    env,
    canAsk: stdin.isTTY === true && stderr.isTTY === true && !isCi,
    outIsLive: isLive(stdout),
    errIsLive: isLive(stderr),
    outHasColor: hasColor(stdout),
    errHasColor: hasColor(stderr),
    get columns() {
      // A terminal that does not know its width says 0.
      return stdout.columns || stderr.columns || 100;
    },
    onInterrupt(handler) {
      process.on("SIGINT", handler);
      return () => void process.off("SIGINT", handler);
    },
    now: Date.now,
  };
}
