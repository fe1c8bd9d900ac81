import { z } from "@hono/zod-openapi";
import { failureCauses, OperationStatus, OperationType } from "../../domain/operation.ts";
import { waitReasons } from "../../domain/queue-wait.ts";
import { integerQuery, Link, pageQuery, Timestamp } from "./common.ts";

export const ActorView = z
  .object({ kind: z.enum(["user", "api_key", "service_account", "system"]), id: z.string(), name: z.string() })
  .meta({ id: "Actor", description: "Who did it." });

const OperationErrorView = z
  .object({
    code: z.string().meta({ description: "One of the codes docs/operations.md lists." }),
    message: z.string(),
    cause: z.enum(failureCauses).meta({ description: "The kind of reason; a closed set." }),
    retryable: z.boolean().meta({ description: "Whether the same request may succeed without anybody changing it." }),
    owner: z.enum(["customer", "operator", "platform"]).meta({ description: "Who must act." }),
    next_step: z.string(),
    phase: z.string().optional(),
    resource: z.object({ urn: z.string(), type: z.string() }).optional(),
    residue: z
      .array(z.object({ type: z.string(), physical_id: z.string(), found: z.string(), detail: z.string() }))
      .optional()
      .meta({ description: "What a destroy left behind." }),
    last_log_lines: z.array(z.string()).optional(),
  })
  .meta({ id: "OperationError" });

export const OperationView = z
  .object({
    id: z.string().meta({ examples: ["op_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e"] }),
    type: OperationType,
    status: OperationStatus,
    progress: z.object({ phase: z.string(), message: z.string() }),
    queue_position: z.int().min(1).nullable().meta({
      description:
        "1 is next among those that wait for the same workers. null once it left the queue, and while it could not be taken at any turn.",
    }),
    waits_for: z.enum(waitReasons).nullable().meta({
      description:
        "Why it is still queued: its turn; its organization's limit; another operation on the same resource; the pause before a retry; a worker that is able to run it. null once it left the queue.",
    }),
    resource_type: z.string(),
    resource_id: z.string(),
    attempt: z.int(),
    requested_by: ActorView,
    origin: z.string(),
    requested_at: Timestamp,
    started_at: Timestamp.nullable(),
    ended_at: Timestamp.nullable(),
    cancel_requested_at: Timestamp.nullable(),
    error: OperationErrorView.nullable(),
    result: z.record(z.string(), z.unknown()).nullable(),
    links: z.object({ self: Link, resource: Link.nullable(), events: Link }),
  })
  .meta({ id: "Operation", description: "The record of one asynchronous action." });
export type OperationView = z.infer<typeof OperationView>;

export const CanceledOperation = OperationView.extend({
  forced_stop_available_at: Timestamp.nullable().meta({
    description: "When work that does not stop by itself is stopped hard; null where nothing runs.",
  }),
}).meta({ id: "CanceledOperation" });

export const OperationEventView = z
  .object({
    seq: z.int().meta({ description: "Rises by one from 1 within the operation." }),
    operation_id: z.string(),
    at: Timestamp,
    type: z.string().meta({
      description: "status, phase, resource, diagnostic, log, step, attempt, choice, or end, which is always the last.",
    }),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: "OperationEvent" });
export type OperationEventView = z.infer<typeof OperationEventView>;

export const OperationListQuery = z.strictObject({
  ...pageQuery,
  status: OperationStatus.optional(),
  type: OperationType.optional(),
  resource_id: z.string().min(1).max(100).optional(),
});

export const WaitQuery = z.strictObject({
  wait: z
    .string()
    .regex(/^(?:[0-9]|[1-5][0-9]|60)s$/, "Give whole seconds from 0s to 60s, for example 30s.")
    .optional()
    .meta({ description: "Answer when the operation changes, or after this long.", examples: ["30s"] }),
});

export const EventQuery = z.strictObject({
  after: integerQuery(0, Number.MAX_SAFE_INTEGER, "Only events with a greater `seq`. Default 0.").default(0),
  limit: integerQuery(1, 1000, "Events on a page. Default 200.").default(200),
  stream: z.enum(["true", "false"]).default("false").meta({
    description: "`true`, or Accept: text/event-stream, gives the same records as server-sent events, live.",
  }),
});

export const EventPage = z.object({
  items: z.array(OperationEventView),
  next_after: z.int().meta({ description: "Send it as `after` for what follows." }),
  ended: z.boolean().meta({ description: "True when the last event of the operation is in, or before, this page." }),
});

export const ActivityQuery = z.strictObject({
  follow: z
    .string()
    .max(4000)
    .regex(
      /^(?:op_[0-9a-f-]{36}:\d{1,15}(?:,op_[0-9a-f-]{36}:\d{1,15}){0,49})?$/,
      "Give id:seq pairs, separated by commas.",
    )
    .default("")
    .meta({
      description: "Operations whose records are wanted, each with the last `seq` already read; at most 50.",
      examples: ["op_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e:12"],
    }),
});
