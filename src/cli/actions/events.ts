/** `onvera ops events` and `onvera events`: what an operation, or all operations of a deployment, did step by step. */
import type { OperationEvent } from "../api/contract.ts";
import { readEvents } from "../api/event-stream.ts";
import { deploymentId } from "../find-deployment.ts";
import { untilInterrupted } from "../follow/until-interrupted.ts";
import { argument, type Invocation, isSet, text } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { eventText } from "../output/event-text.ts";
import { sayPage } from "../output/pages.ts";

/** All events of one operation; with --follow those to come as well. */
export async function ofOperation(invocation: Invocation): Promise<undefined> {
  const { output } = invocation;
  const id = argument(invocation, 0);
  const after = wholeNumber("--after", text(invocation, "after") ?? "0");
  if (isSet(invocation, "follow")) {
    await untilInterrupted(invocation.io, (signal) => follow(invocation, id, after, signal));
    return undefined;
  }
  const api = invocation.api();
  const items: OperationEvent[] = [];
  for (let next = after; ; ) {
    const page = await api.call("listOperationEvents", {
      path: { operation_id: id },
      query: { after: next, limit: 1000 },
    });
    items.push(...page.items);
    next = page.next_after;
    if (page.items.length === 0 || page.ended) break;
  }
  output.data(
    { items },
    { names: () => items.map(({ seq }) => String(seq)), table: () => items.map(eventText).join("") },
  );
  if (items.length === 0) output.say("There are no events yet.");
  return undefined;
}

/** One page of the events of a deployment's operations, newest first. */
export async function ofDeployment(invocation: Invocation): Promise<undefined> {
  const { output } = invocation;
  const api = invocation.api();
  const id = await deploymentId(api, argument(invocation, 0));
  const page = await api.call("listDeploymentEvents", {
    path: { deployment_id: id },
    query: {
      page: wholeNumber("--page", text(invocation, "page") ?? "1"),
      per_page: wholeNumber("--per-page", text(invocation, "perPage") ?? "50"),
    },
  });
  output.data(page, {
    names: () => page.items.map(({ operation_id, seq }) => `${operation_id}/${seq}`),
    table: () => page.items.map((event) => `${event.operation_id} ${eventText(event)}`).join(""),
  });
  sayPage(output, page, "There are no events yet.");
  return undefined;
}

async function follow(
  { io, output, ...rest }: Invocation,
  id: string,
  after: number,
  signal: AbortSignal,
): Promise<void> {
  const api = rest.api();
  const events = readEvents({
    signal,
    isLast: ({ type }) => type === "end",
    open: (lastId, abort) =>
      api.open("listOperationEvents", {
        path: { operation_id: id },
        query: { after: Number(lastId ?? after), stream: "true" },
        headers: { Accept: "text/event-stream", ...(lastId === undefined ? {} : { "Last-Event-ID": lastId }) },
        signal: abort,
      }),
    onReconnect: () => output.say("(the connection was cut; connecting again)"),
  });
  for await (const { data } of events) {
    const event = JSON.parse(data) as OperationEvent;
    io.out(output.isForPrograms ? `${JSON.stringify(event)}\n` : eventText(event));
  }
}
