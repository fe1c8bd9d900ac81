import { z } from "@hono/zod-openapi";
import { airflowExecutors } from "../../domain/airflow-executor.ts";
import { logLevels } from "../../domain/log-filter.ts";
import { metricNames } from "../../domain/metric-series.ts";
import { integerQuery, Moment, Timestamp } from "./common.ts";
import { healthStates } from "./deployments.ts";

const ReplicaView = z.object({
  replica: z.int(),
  phase: z.string(),
  started_at: Timestamp.nullable(),
  restarts: z.int(),
  last_exit: z.string().nullable(),
  reason: z.string().nullable().meta({ description: "The failing probe's own words." }),
});

export const HealthView = z
  .object({
    status: z.enum(healthStates),
    front_door: z.object({ ok: z.boolean(), checked_at: Timestamp.nullable(), detail: z.string() }),
    processes: z.array(z.object({ name: z.string(), wanted_replicas: z.int(), replicas: z.array(ReplicaView) })),
    checked_at: Timestamp,
  })
  .meta({ id: "Health" });
export type HealthView = z.infer<typeof HealthView>;

export const MetricsView = z
  .object({
    at: Timestamp,
    processes: z.array(
      z.object({
        name: z.string(),
        replica: z.int(),
        cpu_seconds: z.number().nullable().meta({ description: "Null where the place does not count it: Kubernetes." }),
        cpu_percent: z.number(),
        memory_bytes: z.number(),
        restarts: z.int(),
      }),
    ),
    gateway: z
      .object({
        requests: z.number(),
        errors: z.number(),
        bytes_out: z.number(),
        latency_milliseconds: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
      })
      .nullable()
      .meta({ description: "Null where another gateway than the platform's own leads to the app: Kubernetes." }),
  })
  .meta({ id: "Metrics" });
export type MetricsView = z.infer<typeof MetricsView>;

const resolutions = ["auto", "15s", "1m", "5m", "15m", "1h"] as const;

export const MetricsHistoryQuery = z.strictObject({
  from: Moment.optional().meta({ description: "An hour before `to` when left out; a week ago at the earliest." }),
  to: Moment.optional().meta({ description: "Now when left out." }),
  resolution: z.enum(resolutions).default("auto").meta({
    description: "How long the time is that one value stands for. What is older than a day is kept to 5 minutes.",
  }),
});

export const MetricsHistoryView = z
  .object({
    from: Timestamp,
    to: Timestamp,
    resolution_seconds: z.int(),
    series: z.array(
      z.object({
        metric: z.enum(metricNames),
        unit: z.enum(["percent", "bytes", "count", "milliseconds", "seconds"]),
        process: z.string().nullable(),
        replica: z.int().nullable(),
        values: z.array(z.number().nullable()).meta({
          description:
            "The i-th is of the time that begins i × resolution_seconds after from; null where nothing is known of it.",
        }),
      }),
    ),
  })
  .meta({ id: "MetricsHistory" });
export type MetricsHistoryView = z.infer<typeof MetricsHistoryView>;

export const LogLineView = z
  .object({
    seq: z.int().meta({
      description:
        "Rises within a process and stays the line's own: `after` goes on behind it. By one on this platform's nodes; on Kubernetes it is made of the line's time.",
    }),
    at: Timestamp,
    process: z.string(),
    replica: z.int(),
    stream: z.enum(["stdout", "stderr"]).nullable().meta({
      description: "Null on Kubernetes, which keeps both in one log; `stream` cannot be asked for there.",
    }),
    text: z.string(),
  })
  .meta({ id: "LogLine" });
export type LogLineView = z.infer<typeof LogLineView>;

/** Which lines are wanted, wherever in the log they are. */
const logFilter = {
  process: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,40}$/)
    .optional(),
  since: Moment.optional().meta({ description: "Only lines from then on." }),
  until: Moment.optional().meta({ description: "Only lines before." }),
  contains: z.string().min(1).max(200).optional().meta({ description: "Only lines with this text, in any case." }),
  stream: z.enum(["stdout", "stderr"]).optional(),
  level: z.enum(logLevels).optional().meta({
    description: "This level or a graver one. A line that names none has that of the line before it.",
  }),
};

export const LogQuery = z.strictObject({
  ...logFilter,
  tail: integerQuery(0, 5000, "How many of the last lines. Default 200.").default(200),
  after: integerQuery(
    0,
    Number.MAX_SAFE_INTEGER,
    "Only lines with a greater `seq`; name the process with it.",
  ).optional(),
  follow: z.enum(["true", "false"]).default("false").meta({ description: "`true` gives server-sent events, live." }),
});

export const LogFileQuery = z.strictObject({ ...logFilter, format: z.enum(["text", "jsonl"]).default("text") });

export interface ResourceNode {
  urn: string;
  type: string;
  name: string;
  parent: string | null;
  dependencies: string[];
  physical_id: string | null;
  phase: string | null;
  first_seen_at: string;
  deleted_at: string | null;
  children: ResourceNode[];
}

export const ResourceView: z.ZodType<ResourceNode> = z
  .object({
    urn: z.string(),
    type: z.string(),
    name: z.string(),
    parent: z.string().nullable().meta({ description: "URN of the component it belongs to, or of the stack." }),
    dependencies: z.array(z.string()).meta({ description: "URNs of the resources it needs, among those listed." }),
    physical_id: z.string().nullable().meta({ description: "Null for a component, which only groups others." }),
    phase: z.string().nullable(),
    first_seen_at: Timestamp,
    deleted_at: Timestamp.nullable(),
    get children() {
      return z.array(ResourceView);
    },
  })
  .meta({ id: "StackResource", description: "One resource of the deployment's stack, with those below it." });

export const StateVersionView = z
  .object({
    version: z.int(),
    written_at: Timestamp,
    generation: z.int().meta({ description: "Rises with each run of the stack." }),
    bytes: z.int(),
    resources: z.int().nullable(),
    fault: z.string().nullable().meta({ description: "What is wrong with it; null when it is whole." }),
    current: z.boolean().meta({ description: "Whether the stack's state is this one now." }),
  })
  .meta({ id: "StateVersion", description: "A stack's state as it was written." });

export const CredentialsView = z
  .object({
    username: z.string(),
    password: z.string(),
    url: z.string().nullable(),
  })
  .meta({ id: "Credentials", description: "The app's own administrator. Each reading is in the audit log." });

export const ReceiptView = z
  .object({
    deployment_id: z.string(),
    deployment_name: z.string(),
    organization_id: z.string(),
    operation_id: z.string().meta({ description: "The destroy that wrote it." }),
    written_at: Timestamp,
    owner_mark: z
      .string()
      .meta({ description: "What everything of this deployment was marked with and looked for by." }),
    summary: z.record(z.string(), z.int()).meta({ description: "How many lines each result has." }),
    meanings: z
      .record(z.string(), z.string())
      .meta({ description: "What each result and each way onto the list means." }),
    items: z.array(
      z.object({
        urn: z.string().meta({ description: "Name in the stack; empty for what no record names." }),
        type: z.string(),
        physical_id: z.string().meta({ description: "What was looked up." }),
        listed_by: z.enum(["record", "owner_mark"]).meta({ description: "Why it was looked up." }),
        found: z.enum(["absent", "present", "unknown", "retained"]).meta({ description: "The result." }),
        looked_up_by: z.string().meta({ description: "The probe that answered." }),
        looked_up_at: Timestamp,
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: "DestroyReceipt" });

export const OutputsView = z.record(z.string(), z.unknown());

export const AppView = z
  .object({
    app_type: z.string(),
    title: z.string(),
    default_version: z.string(),
    versions: z.array(z.object({ version: z.string(), updates_to: z.array(z.string()) })),
    processes: z.array(
      z.object({
        name: z.string(),
        executor: z
          .enum(airflowExecutors)
          .nullable()
          .meta({ description: "The executor it belongs to; null runs with every one." }),
        default_replicas: z.int(),
        scalable: z.boolean(),
        min_replicas: z.int(),
        max_replicas: z.int(),
      }),
    ),
    sizes: z.array(z.object({ name: z.string(), cpu: z.number(), memory_megabytes: z.int() })),
  })
  .meta({ id: "App" });

export const VersionView = z
  .object({
    version: z.string(),
    api: z.literal("v1"),
    test_apps: z.boolean(),
    sign_up: z.enum(["open", "invite-only"]).meta({ description: "Whether strangers can make an account." }),
  })
  .meta({ id: "Version" });
