/** The commands about operations. */
import type { OperationStatus } from "../../domain/operation.ts";
import type { CommandGroup } from "../command-spec.ts";
import { operationArgument } from "./shared-options.ts";

/** Written out, because the domain's list comes with a schema library that would slow every command down. */
const statuses = Object.keys({
  queued: true,
  running: true,
  succeeded: true,
  failed: true,
  canceled: true,
} satisfies Record<OperationStatus, true>);

export const operationCommands: CommandGroup = {
  name: "ops",
  aliases: ["operations"],
  summary: "The record of everything that was done: list, get, wait, cancel, events",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List operations, newest first",
      options: [
        { flags: "--status <status>", description: "only those in this status", choices: statuses },
        { flags: "--type <type>", description: "only this type, for example deployment.create" },
        { flags: "--deployment <deployment>", description: "only those of this deployment" },
        { flags: "--page <n>", description: "page, from 1" },
        { flags: "--per-page <n>", description: "length of a page, at most 100" },
      ],
      examples: [{ line: "onvera ops list" }, { line: "onvera ops list --status running" }],
      calls: ["listOperations", "listDeploymentOperations", "listDeployments"],
      load: () => import("../actions/ops-list.ts"),
    },
    {
      name: "get",
      arguments: [operationArgument],
      summary: "Show an operation",
      examples: [{ line: "onvera ops get op_660e8400-e29b-41d4-a716-446655440001" }],
      calls: ["getOperation"],
      load: () => import("../actions/ops-get.ts"),
    },
  ],
};
