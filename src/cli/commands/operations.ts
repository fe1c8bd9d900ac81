/** The commands about operations. */
import type { OperationStatus } from "../../domain/operation.ts";
import type { CommandGroup } from "../command-spec.ts";
import { operationArgument, pageOptions } from "./shared-options.ts";

/** Written out, because the domain's list comes with a schema library that would slow every command down. */
const statuses = Object.keys({
  queued: true,
  running: true,
  succeeded: true,
  failed: true,
  canceled: true,
} satisfies Record<OperationStatus, true>);

const example = "op_660e8400-e29b-41d4-a716-446655440001";

export const operationCommands: CommandGroup = {
  name: "ops",
  aliases: ["operations"],
  summary: "The record of everything that was done: list, get, wait, watch, cancel, events",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List operations, newest first",
      options: [
        { flags: "--status <status>", description: "only those in this status", choices: statuses },
        { flags: "--type <type>", description: "only this type, for example deployment.create" },
        { flags: "--deployment <deployment>", description: "only those of this deployment" },
        ...pageOptions,
      ],
      examples: [{ line: "onvera ops list" }, { line: "onvera ops list --status running" }],
      calls: ["listOperations", "listDeploymentOperations", "listDeployments"],
      load: () => import("../actions/ops-list.ts"),
    },
    {
      name: "get",
      arguments: [operationArgument],
      summary: "Show an operation",
      options: [{ flags: "-f, --follow", description: "go on until it is over, as 'onvera ops wait' does" }],
      examples: [{ line: `onvera ops get ${example}` }],
      calls: ["getOperation"],
      load: () => import("../actions/ops-get.ts"),
    },
    {
      name: "wait",
      arguments: [operationArgument],
      summary: "Follow an operation until it is over",
      options: [{ flags: "--timeout <time>", description: "stop following after this long (90s, 15m, 1h)" }],
      examples: [{ line: `onvera ops wait ${example}` }],
      calls: ["getOperation"],
      load: () => import("../actions/ops-wait.ts"),
    },
    {
      name: "watch",
      summary: "Show every operation of the organization as it changes",
      examples: [{ line: "onvera ops watch" }, { line: "onvera ops watch --output json" }],
      calls: ["streamActivity"],
      load: () => import("../actions/ops-watch.ts"),
    },
    {
      name: "cancel",
      arguments: [operationArgument],
      summary: "Ask an operation to stop",
      examples: [{ line: `onvera ops cancel ${example}` }],
      calls: ["cancelOperation"],
      load: () => import("../actions/ops-cancel.ts"),
    },
    {
      name: "events",
      arguments: [operationArgument],
      summary: "Show what an operation did, step by step",
      options: [
        { flags: "-f, --follow", description: "go on with what comes, until it is over" },
        { flags: "--after <seq>", description: "only events after this number" },
      ],
      examples: [{ line: `onvera ops events ${example}` }, { line: `onvera ops events ${example} --follow` }],
      calls: ["listOperationEvents"],
      load: async () => ({ run: (await import("../actions/events.ts")).ofOperation }),
    },
  ],
};
