/** What could stand next on a command line, from the command table alone. */
import { type CommandGroup, type CommandSpec, isGroup } from "../command-spec.ts";
import { sections } from "../commands/table.ts";
import { globalOptions } from "../global-options.ts";

export interface Candidates {
  words: readonly string[];
  /** Things of the service that could stand here as well. */
  things?: "deployments" | "operations";
}

const entries = sections.flatMap(({ commands }) => commands);

/** @param words the words after `onvera`, the one being typed last (it may be empty) */
export function candidatesFor(words: readonly string[]): Candidates {
  const typed = words.slice(0, -1);
  const current = words.at(-1) ?? "";
  const { entry, rest } = find(typed);
  if (entry === undefined) return typed.length === 0 ? { words: [...namesOf(entries), "help"] } : { words: [] };
  if (isGroup(entry)) return { words: namesOf(entry.commands) };
  const valued = optionAwaitingValue(entry, rest.at(-1));
  if (valued !== undefined) return thingsFor(valued.flags, valued.choices);
  if (current.startsWith("-")) return { words: flagsOf(entry) };
  const position = rest.filter((word, index) => !word.startsWith("-") && !isValue(entry, rest, index)).length;
  const argument = entry.arguments?.[Math.min(position, entry.arguments.length - 1)];
  return argument === undefined ? { words: [] } : thingsFor(argument.syntax, argument.choices);
}

type Entry = CommandSpec | CommandGroup;

function find(typed: readonly string[]): { entry: Entry | undefined; rest: readonly string[] } {
  const [first, second] = typed;
  const isCalled = (name: string | undefined) => (entry: Entry) =>
    entry.name === name || entry.aliases?.includes(name ?? "");
  const entry = entries.find(isCalled(first));
  if (entry === undefined || !isGroup(entry) || second === undefined) return { entry, rest: typed.slice(1) };
  return { entry: entry.commands.find(isCalled(second)), rest: typed.slice(2) };
}

const namesOf = (list: readonly Entry[]): string[] => list.map(({ name }) => name);

const longFlag = (flags: string): string => /--[a-z-]+/.exec(flags)?.[0] ?? "";

const allOptions = (spec: CommandSpec) => [...(spec.options ?? []), ...(spec.passthrough ? [] : globalOptions)];

const flagsOf = (spec: CommandSpec): string[] => [...allOptions(spec).map(({ flags }) => longFlag(flags)), "--help"];

function optionAwaitingValue(spec: CommandSpec, previous: string | undefined) {
  if (previous === undefined || !previous.startsWith("-")) return undefined;
  return allOptions(spec).find(({ flags }) => flags.includes("<") && flags.split(/[ ,]+/).includes(previous));
}

const isValue = (spec: CommandSpec, words: readonly string[], index: number): boolean =>
  optionAwaitingValue(spec, words[index - 1]) !== undefined;

function thingsFor(syntax: string, choices: readonly string[] | undefined): Candidates {
  if (choices !== undefined) return { words: choices };
  if (/[<[]deployment[>\]]/.test(syntax)) return { words: [], things: "deployments" };
  if (syntax.includes("<operation>")) return { words: [], things: "operations" };
  return { words: [] };
}
