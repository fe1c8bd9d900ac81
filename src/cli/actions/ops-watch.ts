/** `onvera ops watch`: every operation of the organization, a line for each change, until Ctrl+C. */
import type { Operation } from "../api/contract.ts";
import { readEvents } from "../api/event-stream.ts";
import { untilInterrupted } from "../follow/until-interrupted.ts";
import { waitingMessage } from "../follow/waiting.ts";
import type { Invocation } from "../invocation.ts";

/** Prints changes as they come; with JSON output each line is the operation as the API gives it. */
export async function run(invocation: Invocation): Promise<undefined> {
  const { output } = invocation;
  output.say("Watching all operations; Ctrl+C ends it.");
  await untilInterrupted(invocation.io, (signal) => watch(invocation, signal));
  return undefined;
}

async function watch({ io, output, ...rest }: Invocation, signal: AbortSignal): Promise<void> {
  const api = rest.api();
  const events = readEvents({
    signal,
    open: (_lastId, abort) => api.open("streamActivity", { headers: { Accept: "text/event-stream" }, signal: abort }),
    onReconnect: () => output.say("(the connection was cut; connecting again)"),
  });
  for await (const { data } of events) {
    const operation = JSON.parse(data) as Operation;
    io.out(output.isForPrograms ? `${JSON.stringify(operation)}\n` : `${line(operation)}\n`);
  }
}

function line(operation: Operation): string {
  const { id, type, status, progress, resource_id: resource } = operation;
  const message = status === "queued" ? waitingMessage(operation) : progress.message;
  return `${id}  ${type}  ${status}: ${message}  (${resource})`;
}
