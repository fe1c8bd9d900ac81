/** `onvera ops get`: one operation. */
import type { Operation } from "../api/contract.ts";
import { failureReport } from "../follow/failure.ts";
import { waitingMessage } from "../follow/waiting.ts";
import { capitalized, wordsFor } from "../follow/words.ts";
import { argument, type Invocation, isSet } from "../invocation.ts";
import { elapsed } from "../output/elapsed.ts";
import { fields } from "../output/table.ts";
import { run as waitFor } from "./ops-wait.ts";

/** Prints what it is, where it stands and how it ended. */
export async function run(invocation: Invocation): Promise<number | undefined> {
  if (isSet(invocation, "follow")) return waitFor(invocation);
  const operation = await invocation.api().call("getOperation", { path: { operation_id: argument(invocation, 0) } });
  invocation.output.data(operation, {
    names: () => [operation.id],
    table: () => describe(operation, invocation.io.now()),
  });
  return undefined;
}

function describe(operation: Operation, now: number): string {
  const { started_at, ended_at, requested_at, progress } = operation;
  const from = Date.parse(started_at ?? requested_at);
  const facts = fields([
    ["ID", operation.id],
    ["Type", operation.type],
    ["Status", operation.status],
    ["Phase", progress.phase],
    ["Message", operation.status === "queued" ? waitingMessage(operation) : progress.message],
    ["Resource", `${operation.resource_type} ${operation.resource_id}`],
    ["Requested at", requested_at],
    ["Started at", started_at],
    ["Ended at", ended_at],
    ["Elapsed", elapsed((ended_at === null ? now : Date.parse(ended_at)) - from)],
  ]);
  if (operation.status !== "failed") return facts;
  return `${facts}\n${failureReport(operation, capitalized(wordsFor(operation.type).noun)).join("\n")}\n`;
}
