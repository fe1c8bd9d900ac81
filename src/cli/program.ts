/** Builds the commander program from the command table: help, options and suggestions; no command's code is loaded here. */
import { Argument, Command, Option } from "commander";
import { type CommandGroup, type CommandSpec, isGroup, type OptionSpec } from "./command-spec.ts";
import { sections } from "./commands/table.ts";
import { exitCodeMeanings } from "./exit-codes.ts";
import { globalOptions } from "./global-options.ts";
import type { OptionValue } from "./invocation.ts";

export interface Parsed {
  spec: CommandSpec;
  /** The words that named the command, without `onvera`. */
  command: string;
  args: (string | undefined)[];
  options: Record<string, OptionValue>;
}

export interface ProgramIo {
  out(text: string): void;
  err(text: string): void;
  columns: number;
}

const GLOBAL_HEADING = "Global options:";

/** Makes the program; `onCommand` is called with what was parsed. Commander's own exits become CommanderError. */
export function createProgram(io: ProgramIo, onCommand: (parsed: Parsed) => void): Command {
  const program = configure(new Command("onvera"), io);
  program
    .summary("Managed Apache Airflow and Apache Superset")
    .description(
      "Onvera runs Apache Airflow and Apache Superset for you: one command gives a running, reachable application.",
    )
    .usage("<command> [options]")
    .enablePositionalOptions()
    .addHelpText("before", `${exampleBlock(rootExamples)}\n`)
    .configureHelp({ ...helpStyle, visibleOptions: () => [] })
    .addHelpText(
      "after",
      `\n${globalOptionBlock()}\n\n${exitCodeBlock()}\n\nHelp on a command: onvera <command> --help`,
    );
  addGlobalOptions(program);
  program.addOption(new Option("-v, --version", "print the version"));
  program.helpCommand("help [command]", "show help on a command");
  for (const { heading, commands } of sections) {
    for (const entry of commands) {
      const command = isGroup(entry)
        ? buildGroup(entry, io, onCommand)
        : buildCommand(entry, entry.name, io, onCommand);
      program.addCommand(command.helpGroup(`${heading}:`));
    }
  }
  return program;
}

const rootExamples = [
  { line: 'onvera deploy superset --name "My Superset"', note: "a running Superset; sets this machine up when needed" },
  { line: "onvera list" },
  { line: "onvera logs <deployment> --follow" },
  { line: "onvera destroy <deployment>" },
];

function configure(command: Command, io: ProgramIo): Command {
  return command
    .exitOverride()
    .showHelpAfterError("(add --help for the arguments, options and examples)")
    .configureOutput({ writeOut: io.out, writeErr: io.err, getOutHelpWidth: () => io.columns })
    .configureHelp(helpStyle)
    .helpOption("-h, --help", "show this help");
}

const helpStyle = { visibleOptions: ownOptionsFirst, subcommandTerm: (command: Command) => nameAndArguments(command) };

/** `get <deployment>`: how a command stands in a list of commands. */
const nameAndArguments = (command: Command): string =>
  [command.name(), ...command.registeredArguments.map((argument) => argumentTerm(argument))].join(" ");

const argumentTerm = (argument: Argument): string => {
  const name = argument.variadic ? `${argument.name()}...` : argument.name();
  return argument.required ? `<${name}>` : `[${name}]`;
};

/** A command's own options come before those every command has. */
function ownOptionsFirst(command: Command): Option[] {
  const options = command.options.filter((option) => !option.hidden);
  const help = new Option("-h, --help", "show this help").helpGroup(GLOBAL_HEADING);
  return [...options, help];
}

function buildGroup(group: CommandGroup, io: ProgramIo, onCommand: (parsed: Parsed) => void): Command {
  const command = configure(new Command(group.name), io)
    .description(group.summary)
    .aliases([...(group.aliases ?? [])]);
  command.enablePositionalOptions().helpCommand(false);
  for (const spec of group.commands) {
    command.addCommand(buildCommand(spec, `${group.name} ${spec.name}`, io, onCommand));
  }
  return command.addHelpText(
    "before",
    `${exampleBlock(group.commands.slice(0, 3).flatMap((s) => s.examples.slice(0, 1)))}\n`,
  );
}

function buildCommand(spec: CommandSpec, path: string, io: ProgramIo, onCommand: (parsed: Parsed) => void): Command {
  const command = configure(new Command(spec.name), io)
    .summary(spec.summary)
    .description([`${spec.summary}.`, spec.description].filter(Boolean).join("\n\n"))
    .aliases([...(spec.aliases ?? [])])
    .addHelpText("before", `${exampleBlock(spec.examples)}\n`);
  for (const { syntax, description, choices } of spec.arguments ?? []) {
    const argument = new Argument(syntax, description);
    if (choices) argument.choices([...choices]);
    command.addArgument(argument);
  }
  for (const option of spec.options ?? []) command.addOption(optionOf(option));
  if (spec.passthrough) command.passThroughOptions().allowUnknownOption().helpOption(false);
  else addGlobalOptions(command);
  return command.action((...received: unknown[]) => {
    const args = received.slice(0, spec.arguments?.length ?? 0) as (string | string[] | undefined)[];
    onCommand({ spec, command: path, args: args.flat(), options: effectiveOptions(command) });
  });
}

/** The command's own values; what was said before its name counts where the command was told nothing itself. */
function effectiveOptions(command: Command): Record<string, OptionValue> {
  const options: Record<string, OptionValue> = { ...command.opts() };
  for (let parent = command.parent; parent !== null; parent = parent.parent) {
    for (const [name, value] of Object.entries(parent.opts())) {
      const isSaid = parent.getOptionValueSource(name) === "cli" && name !== "version";
      if (isSaid && command.getOptionValueSource(name) !== "cli") options[name] = value as OptionValue;
    }
  }
  return options;
}

function addGlobalOptions(command: Command): void {
  for (const spec of globalOptions) command.addOption(optionOf(spec).helpGroup(GLOBAL_HEADING));
}

function optionOf({ flags, description, choices, repeatable }: OptionSpec): Option {
  const option = new Option(flags, description);
  if (choices) option.choices([...choices]);
  if (!repeatable) return option;
  const check = option.parseArg;
  return option.argParser((value, previous: string[] | undefined) => {
    check?.(value, undefined);
    return [...(previous ?? []), value];
  });
}

const exampleBlock = (examples: readonly { line: string; note?: string }[]): string => {
  const width = Math.max(...examples.map(({ line }) => line.length));
  const lines = examples.map(({ line, note }) => (note ? `  ${line.padEnd(width)}   # ${note}` : `  ${line}`));
  return ["Examples:", ...lines].join("\n");
};

const globalOptionBlock = (): string =>
  [
    GLOBAL_HEADING,
    ...globalOptions.map(({ flags, description }) => `  ${flags.padEnd(24)}${description}`),
    "  -v, --version           print the version",
    "  -h, --help              show this help",
  ].join("\n");

const exitCodeBlock = (): string =>
  ["Exit codes:", ...exitCodeMeanings.map(([code, meaning]) => `  ${String(code).padEnd(5)}${meaning}`)].join("\n");
