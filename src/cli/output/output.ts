/** Where each kind of text goes: data in the wanted format on standard output, talk on standard error. */
import type { Io } from "../io.ts";
import type { OutputFormat } from "./formats.ts";

export interface Presentation {
  /** What a person sees. */
  table(hasColor: boolean): string;
  /** What `--output name` and `--quiet` print, one id a line. */
  names(): readonly string[];
}

export interface Output {
  readonly format: OutputFormat;
  readonly quiet: boolean;
  /** The command prints a document for programs; nothing else may stand on standard output. */
  readonly isForPrograms: boolean;
  /** The result of the command. */
  data(value: unknown, presentation: Presentation): void;
  /** A documented line of progress: standard output, or standard error beside a document. */
  line(text: string): void;
  /** A hint or a note, on standard error; --quiet drops it. */
  say(text: string): void;
  /** What must be seen in every case. */
  warn(text: string): void;
}

/**
 * Binds the format and --quiet to a terminal.
 * @param toYaml needed for the format `yaml` only; it is loaded by who calls, because it is slow to load
 */
export function createOutput(
  io: Io,
  format: OutputFormat,
  quiet: boolean,
  toYaml: (value: unknown) => string = String,
): Output {
  const isForPrograms = format !== "table";
  return {
    format,
    quiet,
    isForPrograms,
    data(value, presentation) {
      if (format === "json") io.out(`${JSON.stringify(value, null, 2)}\n`);
      else if (format === "yaml") io.out(toYaml(value));
      else if (format === "name" || quiet)
        io.out(
          presentation
            .names()
            .map((name) => `${name}\n`)
            .join(""),
        );
      else io.out(presentation.table(io.outHasColor));
    },
    line(text) {
      if (quiet) return;
      if (isForPrograms) io.err(`${text}\n`);
      else io.out(`${text}\n`);
    },
    say(text) {
      if (!quiet) io.err(`${text}\n`);
    },
    warn: (text) => io.err(`${text}\n`),
  };
}
