/** Which lines of an app's log somebody wants: by time, level, text and stream. */

export const logLevels = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LogFilter {
  /** Milliseconds since 1970, included. */
  since?: number | undefined;
  /** Milliseconds since 1970, excluded. */
  until?: number | undefined;
  /** In any case of letters. */
  contains?: string | undefined;
  stream?: "stdout" | "stderr" | undefined;
  /** This level or a graver one. */
  level?: LogLevel | undefined;
}

interface Line {
  atMilliseconds: number;
  replica: number;
  /** Null where the place keeps both in one. */
  stream: "stdout" | "stderr" | null;
  text: string;
}

/** Where apps write it: near the beginning. */
const HEAD_CHARACTERS = 160;
const UPPER = /(?:^|[^A-Za-z0-9_])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)(?![A-Za-z0-9_])/;
/** In small letters only where it cannot be a word of a sentence. */
const MARKED =
  /(?:\[|level["']?\s*[=:]\s*["']?)(trace|debug|info|notice|warn|warning|error|critical|fatal)\s*(?:\]|["',\s}]|$)/i;

const levelOfWord: Readonly<Record<string, LogLevel>> = {
  trace: "debug",
  debug: "debug",
  info: "info",
  notice: "info",
  warn: "warning",
  warning: "warning",
  error: "error",
  critical: "error",
  fatal: "error",
};

/** The level a line says it has; undefined for one that says none. */
export function levelOf(text: string): LogLevel | undefined {
  const head = text.slice(0, HEAD_CHARACTERS);
  const word = MARKED.exec(head)?.[1] ?? UPPER.exec(head)?.[1];
  return word === undefined ? undefined : levelOfWord[word.toLowerCase()];
}

/**
 * Makes the test for lines that are given to it in order. One that names no level, as a traceback's lines do, has that of
 * the line before it from the same copy; the first ones count as `info`.
 */
export function createLogFilter({ since, until, contains, stream, level }: LogFilter): (line: Line) => boolean {
  const needle = contains?.toLowerCase();
  const least = level === undefined ? 0 : logLevels.indexOf(level);
  const last = new Map<string, LogLevel>();
  const isGrave = ({ replica, stream: from, text }: Line) => {
    const source = `${replica} ${from}`;
    const own = levelOf(text) ?? last.get(source) ?? "info";
    last.set(source, own);
    return logLevels.indexOf(own) >= least;
  };
  return (line) =>
    (level === undefined || isGrave(line)) &&
    (since === undefined || line.atMilliseconds >= since) &&
    (until === undefined || line.atMilliseconds < until) &&
    (stream === undefined || line.stream === stream) &&
    (needle === undefined || line.text.toLowerCase().includes(needle));
}

/** Whether anything is asked for at all. */
export const isFilter = (filter: LogFilter): boolean => Object.values(filter).some((value) => value !== undefined);
