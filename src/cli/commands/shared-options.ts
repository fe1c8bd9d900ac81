/** Arguments and options several commands have in common. */
import { scopes } from "../../domain/permissions.ts";
import type { ArgumentSpec, OptionSpec } from "../command-spec.ts";

export const deploymentArgument: ArgumentSpec = {
  syntax: "<deployment>",
  description: "id (dep_… or a bare UUID), name, or host label",
};

export const operationArgument: ArgumentSpec = { syntax: "<operation>", description: "id (op_… or a bare UUID)" };

/** What every command has that starts an operation. */
export const followOptions: readonly OptionSpec[] = [
  { flags: "--no-wait", description: "return as soon as the operation is accepted" },
  { flags: "--timeout <time>", description: "stop following after this long (90s, 15m, 1h); the work goes on" },
];

/** What every list has that comes in pages. */
export const pageOptions: readonly OptionSpec[] = [
  { flags: "--page <n>", description: "page, from 1" },
  { flags: "--per-page <n>", description: "length of a page, at most 100" },
];

/** For what is confirmed by its name. */
export const confirmName: OptionSpec = {
  flags: "--confirm-name <name>",
  description: "its name, where there is no terminal to ask on",
};

/** What a new API key can be given. */
export const keyOptions: readonly OptionSpec[] = [
  {
    flags: "--scope <scope>",
    description: "what it may do (default: all you may)",
    choices: scopes,
    repeatable: true,
  },
  { flags: "--expires <when>", description: "90d, 12h, or a date (default: never)" },
];
