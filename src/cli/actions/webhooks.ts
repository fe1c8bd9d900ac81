/** `onvera webhooks`: addresses that are told when operations end and health changes. */
import type { Data } from "../api/contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, choice, type Invocation, isSet, text, list as values } from "../invocation.ts";
import { wholeNumber } from "../options.ts";
import { paintStatus } from "../output/paint.ts";
import { showList, showOne } from "../output/show.ts";
import { confirm, contextNote, requireTerminal } from "../prompt.ts";

type Webhook = Data<"getWebhook">;
type Delivery = Data<"listWebhookDeliveries">["items"][number];
type Event = "operation.succeeded" | "operation.failed" | "operation.canceled" | "deployment.health_changed";

const pathOf = (invocation: Invocation) => ({ webhook_id: argument(invocation, 0) });
const page = (invocation: Invocation) => ({
  page: wholeNumber("--page", text(invocation, "page") ?? "1"),
  per_page: wholeNumber("--per-page", text(invocation, "perPage") ?? "50"),
});

/** The secret goes to standard output, this once. */
export async function create(invocation: Invocation): Promise<undefined> {
  const events = values(invocation, "event") as Event[];
  const made = await invocation.api().call("createWebhook", {
    body: { url: argument(invocation, 0), events, description: text(invocation, "description") ?? "" },
  });
  showSecret(invocation, made);
  return undefined;
}

export async function list(invocation: Invocation): Promise<undefined> {
  showList(invocation, await invocation.api().call("listWebhooks", { query: page(invocation) }), {
    columns: [
      { title: "ID", value: ({ id }) => id },
      { title: "URL", value: ({ url }) => url },
      { title: "STATE", value: stateOf, paint: paintStatus },
      { title: "EVENTS", value: ({ events }) => events.join(",") || "all" },
      { title: "DESCRIPTION", value: ({ description }) => description },
    ],
    name: ({ id }) => id,
    nothing: "There are no webhooks.",
  });
  return undefined;
}

export async function get(invocation: Invocation): Promise<undefined> {
  show(invocation, await invocation.api().call("getWebhook", { path: pathOf(invocation) }));
  return undefined;
}

export async function update(invocation: Invocation): Promise<undefined> {
  const events = values(invocation, "event") as Event[];
  const enabled = isSet(invocation, "enable") ? true : isSet(invocation, "disable") ? false : undefined;
  const [url, description] = [text(invocation, "url"), text(invocation, "description")];
  const changed = await invocation.api().call("updateWebhook", {
    path: pathOf(invocation),
    body: {
      ...(url !== undefined && { url }),
      ...(description !== undefined && { description }),
      ...(enabled !== undefined && { enabled }),
      ...(isSet(invocation, "allEvents") ? { events: [] } : events.length > 0 && { events }),
    },
  });
  show(invocation, changed);
  return undefined;
}

export async function remove(invocation: Invocation): Promise<number> {
  const { io, output } = invocation;
  const id = argument(invocation, 0);
  if (!isSet(invocation, "yes")) {
    requireTerminal(io, "Deleting a webhook", "--yes");
    if (!(await confirm(io, `${contextNote(invocation)}Delete webhook ${id} and the log of its deliveries?`))) {
      output.say("Nothing was deleted.");
      return exitCodes.ok;
    }
  }
  const gone = await invocation.api().call("deleteWebhook", { path: { webhook_id: id } });
  output.data(gone, { names: () => [id], table: () => `Webhook ${id} (${gone.url}) is deleted.\n` });
  return exitCodes.ok;
}

export async function rotateSecret(invocation: Invocation): Promise<undefined> {
  showSecret(invocation, await invocation.api().call("rotateWebhookSecret", { path: pathOf(invocation) }));
  invocation.output.say("The secret before it stays good for 24 hours.");
  return undefined;
}

export async function test(invocation: Invocation): Promise<undefined> {
  showQueued(invocation, await invocation.api().call("testWebhook", { path: pathOf(invocation) }));
  return undefined;
}

export async function redeliver(invocation: Invocation): Promise<undefined> {
  const path = { ...pathOf(invocation), delivery_id: argument(invocation, 1) };
  showQueued(invocation, await invocation.api().call("redeliverWebhook", { path }));
  return undefined;
}

export async function deliveries(invocation: Invocation): Promise<undefined> {
  const status = choice<Delivery["status"]>(invocation, "status");
  const query = { ...page(invocation), status };
  showList(invocation, await invocation.api().call("listWebhookDeliveries", { path: pathOf(invocation), query }), {
    columns: [
      { title: "ID", value: ({ id }) => id },
      { title: "AT", value: ({ created_at }) => created_at },
      { title: "EVENT", value: ({ event }) => event },
      { title: "STATUS", value: ({ status: now }) => now, paint: paintStatus },
      { title: "TRIES", value: ({ attempts }) => String(attempts) },
      { title: "LAST ANSWER", value: lastAnswer },
      { title: "NEXT TRY", value: ({ next_attempt_at }) => next_attempt_at ?? "" },
    ],
    name: ({ id }) => id,
    nothing: "Nothing was sent to this webhook yet.",
  });
  return undefined;
}

const stateOf = ({ enabled, failing_since }: Webhook): string =>
  enabled ? (failing_since === null ? "active" : "failing") : "disabled";

function lastAnswer({ tries }: Delivery): string {
  const last = tries.at(-1);
  return last === undefined ? "" : (last.error ?? `${last.status} in ${last.milliseconds} ms`);
}

function showSecret({ output }: Invocation, made: Data<"createWebhook">): void {
  output.data(made, { names: () => [made.secret], table: () => `${made.secret}\n` });
  output.say(`This secret is shown once. The webhook's id: ${made.id}`);
}

function showQueued({ output }: Invocation, delivery: Delivery): void {
  const next = `onvera webhooks deliveries ${delivery.webhook_id}`;
  output.data(delivery, {
    names: () => [delivery.id],
    table: () => `Delivery ${delivery.id} is on its way: ${next}\n`,
  });
}

function show(invocation: Invocation, webhook: Webhook): void {
  showOne(invocation, webhook, webhook.id, [
    ["ID", webhook.id],
    ["URL", webhook.url],
    ["Description", webhook.description],
    ["Events", webhook.events.join(", ") || "all"],
    ["State", stateOf(webhook)],
    ["Why", webhook.disabled_reason],
    ["Failing since", webhook.failing_since],
    ["Created at", webhook.created_at],
  ]);
}
