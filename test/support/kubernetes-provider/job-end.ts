/** Waits for a Job, and says why one failed in its pod's own last words. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { AskServer } from "./api-server.ts";

const Job = z.object({
  metadata: z.object({ name: z.string(), namespace: z.string() }),
  spec: z.object({ activeDeadlineSeconds: z.number().optional() }),
  status: z
    .object({
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().optional() }))
        .default([]),
    })
    .default({ conditions: [] }),
});

const Pods = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({
        containerStatuses: z
          .array(
            z.object({
              state: z.object({
                waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
                terminated: z.object({ exitCode: z.number(), reason: z.string().optional() }).optional(),
              }),
            }),
          )
          .default([]),
      }),
    }),
  ),
});

const POLL_MILLISECONDS = 500;
const MARGIN_SECONDS = 30;
const LAST_LINES = 20;

/** Whether a live Job ended, and how. */
export function jobEnd(live: unknown): "succeeded" | "failed" | "running" {
  const parsed = Job.safeParse(live);
  const holds = (type: string) =>
    parsed.data?.status.conditions.some((each) => each.type === type && each.status === "True") === true;
  if (holds("Complete") || holds("SuccessCriteriaMet")) return "succeeded";
  return holds("Failed") || holds("FailureTarget") ? "failed" : "running";
}

/**
 * Resolves when the Job ended well.
 * @throws Error with the Job's reason and the last lines of its log
 */
export async function jobSucceeds(ask: AskServer, path: string, abandoned: AbortSignal): Promise<void> {
  let deadline = Number.POSITIVE_INFINITY;
  for (;;) {
    const { status, body } = await ask("GET", path);
    if (status === 404) throw new Error("The Job was deleted while it ran.");
    const end = status === 200 ? jobEnd(body) : "running";
    if (end === "succeeded") return;
    if (end === "failed") throw new Error(await whyFailed(ask, body));
    if (deadline === Number.POSITIVE_INFINITY && status === 200) {
      const seconds = Job.parse(body).spec.activeDeadlineSeconds ?? 600;
      deadline = performance.now() + (seconds + MARGIN_SECONDS) * 1000;
    }
    if (abandoned.aborted) throw new Error("Nobody waits for the Job any more; it goes on by itself.");
    if (performance.now() > deadline) throw new Error(`The Job did not end in time. ${await whyFailed(ask, body)}`);
    await sleep(POLL_MILLISECONDS);
  }
}

async function whyFailed(ask: AskServer, live: unknown): Promise<string> {
  const { metadata, status } = Job.parse(live);
  const reason = status.conditions.find(({ type }) => type === "Failed" || type === "FailureTarget")?.message ?? "";
  const pods = `/api/v1/namespaces/${metadata.namespace}/pods`;
  const selector = encodeURIComponent(`batch.kubernetes.io/job-name=${metadata.name}`);
  const found = Pods.safeParse((await ask("GET", `${pods}?labelSelector=${selector}`)).body).data?.items ?? [];
  const words = await Promise.all(
    found.map(async ({ metadata: { name }, status: { containerStatuses } }) => {
      const states = containerStatuses.map(({ state: { waiting, terminated } }) =>
        waiting === undefined
          ? `exit code ${terminated?.exitCode ?? "unknown"} ${terminated?.reason ?? ""}`.trim()
          : `${waiting.reason ?? ""} ${waiting.message ?? ""}`.trim(),
      );
      const { status: code, text } = await ask("GET", `${pods}/${name}/log?tailLines=${LAST_LINES}`);
      return [`Pod ${name}: ${states.join(", ")}`, ...(code === 200 && text !== "" ? [text.trimEnd()] : [])].join("\n");
    }),
  );
  return [`The Job ${metadata.name} failed. ${reason}`.trim(), ...words].join("\n");
}
