/** Pulumi's engine events as the few typed events the rest of the code reads. */
import type { EngineEvent as PulumiEvent } from "@pulumi/pulumi/automation/events.js";
import { z } from "zod";

export const resourceActions = ["create", "update", "delete", "replace", "read", "same"] as const;
export type ResourceAction = (typeof resourceActions)[number];

export const ResourceEvent = z.object({
  kind: z.literal("resource"),
  /** True for what a preview says would happen. */
  planned: z.boolean(),
  state: z.enum(["started", "done", "failed"]),
  action: z.enum(resourceActions),
  /** The engine's own word: `create-replacement`, `delete-replaced`, `import`, … */
  op: z.string(),
  urn: z.string(),
  type: z.string(),
  name: z.string(),
  /** It groups others and stands for nothing of its own. */
  component: z.boolean(),
  /** Physical id, once known. */
  id: z.string().optional(),
  parent: z.string().optional(),
  /** The phase the resource names itself, for example a job. */
  phase: z.string().optional(),
  replaceKeys: z.array(z.string()),
  diffKeys: z.array(z.string()),
});
export type ResourceEvent = z.infer<typeof ResourceEvent>;

export const DiagnosticEvent = z.object({
  kind: z.literal("diagnostic"),
  severity: z.enum(["info", "warning", "error"]),
  message: z.string(),
  urn: z.string().optional(),
});
export type DiagnosticEvent = z.infer<typeof DiagnosticEvent>;

export const SummaryEvent = z.object({
  kind: z.literal("summary"),
  planned: z.boolean(),
  changes: z.record(z.string(), z.number()),
  durationSeconds: z.number(),
});

export const LogEvent = z.object({ kind: z.literal("log"), process: z.string(), text: z.string() });

export const EngineEvent = z.discriminatedUnion("kind", [ResourceEvent, DiagnosticEvent, SummaryEvent, LogEvent]);
export type EngineEvent = z.infer<typeof EngineEvent>;

const actionOfOp: Readonly<Record<string, ResourceAction>> = {
  create: "create",
  update: "update",
  delete: "delete",
  replace: "replace",
  "create-replacement": "replace",
  "delete-replaced": "replace",
  read: "read",
  "read-replacement": "read",
  refresh: "read",
  import: "read",
  "import-replacement": "read",
  same: "same",
};

/** Translates one engine event; undefined for what nobody reads (progress dots, cancel marks, policy). */
export function engineEvent(event: PulumiEvent): EngineEvent | undefined {
  if (event.resourcePreEvent) return resourceEvent("started", event.resourcePreEvent);
  if (event.resOutputsEvent) return resourceEvent("done", event.resOutputsEvent);
  if (event.resOpFailedEvent) return resourceEvent("failed", event.resOpFailedEvent);
  if (event.diagnosticEvent) return diagnosticEvent(event.diagnosticEvent);
  if (event.summaryEvent) {
    const { resourceChanges, durationSeconds } = event.summaryEvent;
    const changes = Object.fromEntries(Object.entries(resourceChanges ?? {}).map(([op, count]) => [op, Number(count)]));
    const planned = (event.summaryEvent as { isPreview?: boolean }).isPreview === true;
    return { kind: "summary", planned, changes, durationSeconds };
  }
  return undefined;
}

type RawStep = NonNullable<PulumiEvent["resourcePreEvent"]>;

function resourceEvent(state: "started" | "done" | "failed", raw: RawStep): EngineEvent | undefined {
  const { metadata } = raw;
  const action = actionOfOp[metadata.op];
  // The stack itself and its providers are the engine's own bookkeeping.
  if (action === undefined || metadata.type.startsWith("pulumi:")) return undefined;
  const after = metadata.new ?? metadata.old;
  const phase: unknown = after?.inputs?.phase;
  const detailed = Object.entries(
    (metadata.detailedDiff ?? {}) as Record<string, { diffKind?: string; kind?: string }>,
  );
  return {
    kind: "resource",
    planned: raw.planning === true,
    state,
    action,
    op: metadata.op,
    urn: metadata.urn,
    type: metadata.type,
    name: metadata.urn.slice(metadata.urn.lastIndexOf("::") + 2),
    component: after !== undefined && after.custom !== true,
    ...(after?.id ? { id: after.id } : {}),
    ...(after?.parent ? { parent: after.parent } : {}),
    ...(typeof phase === "string" ? { phase } : {}),
    replaceKeys: metadata.keys ?? [],
    diffKeys: detailed.length > 0 ? detailed.map(([key]) => key) : (metadata.diffs ?? []),
  };
}

function diagnosticEvent(raw: NonNullable<PulumiEvent["diagnosticEvent"]>): EngineEvent | undefined {
  if ((raw.severity as string) === "debug" || raw.ephemeral === true) return undefined;
  const severity = raw.severity === "error" || raw.severity === "warning" ? raw.severity : "info";
  const message = plainText(`${raw.prefix ?? ""}${raw.message}`).trim();
  if (message === "") return undefined;
  return { kind: "diagnostic", severity, message, ...(raw.urn ? { urn: raw.urn } : {}) };
}

/** Engine messages carry colour marks such as `<{%reset%}>` and terminal escapes. */
function plainText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what terminal colours begin with
  return text.replace(/<\{%[^%]*%\}>/g, "").replace(/\u001b\[[0-9;]*[A-Za-z]/g, "");
}
