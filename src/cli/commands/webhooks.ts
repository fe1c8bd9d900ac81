/** The commands about webhooks. */
import { webhookEvents } from "../../domain/webhook-events.ts";
import type { CommandGroup } from "../command-spec.ts";
import { pageOptions } from "./shared-options.ts";

const webhook = { syntax: "<webhook>", description: "id (whe_…)" };
const events = {
  flags: "--event <event>",
  description: "only this event (default: all); may be given several times",
  choices: webhookEvents,
  repeatable: true,
};
const description = { flags: "--description <text>", description: "what it is for" };
const action = () => import("../actions/webhooks.ts");

export const webhookCommands: CommandGroup = {
  name: "webhooks",
  summary: "Addresses that are told when operations end and health changes",
  commands: [
    {
      name: "create",
      arguments: [{ syntax: "<url>", description: "https address" }],
      summary: "Have events sent to an address; prints the secret, this once",
      options: [events, description],
      examples: [
        { line: "onvera webhooks create https://hooks.example.com/onvera" },
        { line: "onvera webhooks create https://hooks.example.com/x --event operation.failed" },
      ],
      calls: ["createWebhook"],
      load: async () => ({ run: (await action()).create }),
    },
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the webhooks",
      options: pageOptions,
      examples: [{ line: "onvera webhooks list" }],
      calls: ["listWebhooks"],
      load: async () => ({ run: (await action()).list }),
    },
    {
      name: "get",
      arguments: [webhook],
      summary: "Show a webhook, without its secret",
      examples: [{ line: "onvera webhooks get whe_…" }],
      calls: ["getWebhook"],
      load: async () => ({ run: (await action()).get }),
    },
    {
      name: "update",
      arguments: [webhook],
      summary: "Change a webhook, or switch it off and on",
      options: [
        { flags: "--url <url>", description: "another address" },
        events,
        { flags: "--all-events", description: "every event" },
        description,
        { flags: "--enable", description: "switch it on, also after it was switched off for failing" },
        { flags: "--disable", description: "switch it off" },
      ],
      examples: [{ line: "onvera webhooks update whe_… --enable" }],
      calls: ["updateWebhook"],
      load: async () => ({ run: (await action()).update }),
    },
    {
      name: "delete",
      arguments: [webhook],
      summary: "Delete a webhook and the log of its deliveries",
      options: [{ flags: "-y, --yes", description: "do not ask" }],
      examples: [{ line: "onvera webhooks delete whe_… --yes" }],
      calls: ["deleteWebhook"],
      load: async () => ({ run: (await action()).remove }),
    },
    {
      name: "rotate-secret",
      arguments: [webhook],
      summary: "Make a new secret and print it; the one before stays good for a day",
      examples: [{ line: "onvera webhooks rotate-secret whe_…" }],
      calls: ["rotateWebhookSecret"],
      load: async () => ({ run: (await action()).rotateSecret }),
    },
    {
      name: "test",
      arguments: [webhook],
      summary: "Send a test event",
      examples: [{ line: "onvera webhooks test whe_…" }],
      calls: ["testWebhook"],
      load: async () => ({ run: (await action()).test }),
    },
    {
      name: "deliveries",
      arguments: [webhook],
      summary: "List what was sent, with the answers",
      options: [
        { flags: "--status <status>", description: "only these", choices: ["pending", "succeeded", "failed"] },
        ...pageOptions,
      ],
      examples: [{ line: "onvera webhooks deliveries whe_… --status failed" }],
      calls: ["listWebhookDeliveries"],
      load: async () => ({ run: (await action()).deliveries }),
    },
    {
      name: "redeliver",
      arguments: [webhook, { syntax: "<delivery>", description: "id (whd_…)" }],
      summary: "Send a delivery's message again",
      examples: [{ line: "onvera webhooks redeliver whe_… whd_…" }],
      calls: ["redeliverWebhook"],
      load: async () => ({ run: (await action()).redeliver }),
    },
  ],
};
