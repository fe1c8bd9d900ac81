/** What a command is, as data: its words, options and examples. Its code is loaded only when it runs. */
import type { OperationId } from "./api/api-routes.ts";
import type { Invocation } from "./invocation.ts";

export interface ArgumentSpec {
  /** `<deployment>`, `[deployment]`, `<process=n...>`. */
  syntax: string;
  description: string;
  choices?: readonly string[];
}

export interface OptionSpec {
  /** `--size <size>`, `-f, --follow`. */
  flags: string;
  description: string;
  choices?: readonly string[];
  /** May be given several times; the values come as a list. */
  repeatable?: boolean;
}

export interface Example {
  line: string;
  /** What it does, when the line does not say it. */
  note?: string;
}

export interface CommandModule {
  /** Does the command. @returns the exit code, 0 when nothing is returned */
  run(invocation: Invocation): Promise<number | undefined>;
}

export interface CommandSpec {
  name: string;
  aliases?: readonly string[];
  arguments?: readonly ArgumentSpec[];
  summary: string;
  /** More than the summary says, shown by --help only. */
  description?: string;
  options?: readonly OptionSpec[];
  examples: readonly Example[];
  /** The API operations it may call; src/cli/parity.ts proves that none is missing. `any`: whatever it is told to. */
  calls: readonly OperationId[] | "any";
  /** Everything after the name goes to the command untouched. */
  passthrough?: boolean;
  load(): Promise<CommandModule>;
}

export interface CommandGroup {
  name: string;
  aliases?: readonly string[];
  summary: string;
  commands: readonly CommandSpec[];
}

/** A heading of `onvera --help` with what stands below it. */
export interface CommandSection {
  heading: string;
  commands: readonly (CommandSpec | CommandGroup)[];
}

export const isGroup = (entry: CommandSpec | CommandGroup): entry is CommandGroup => "commands" in entry;
