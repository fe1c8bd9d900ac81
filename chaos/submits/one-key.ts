/** The same request a thousand times at once, under one key, to two servers. */
import { randomUUID } from "node:crypto";
import type { SubmitsWorld } from "./world.ts";

export interface OneKeyResult {
  /** What was seen that must not be; empty when all is well. */
  faults: string[];
  /** Deployments and operations beyond the one. */
  duplicates: number;
}

/** Sends them, waits for the end of what was accepted, and counts rows. */
export async function submitOneKey(world: SubmitsWorld, times: number): Promise<OneKeyResult> {
  const { store } = world.plane;
  const count = () =>
    store.asPlatform(async (db) => {
      const ids = await db.selectFrom("deployments").select("id").execute();
      const operations = await db.selectFrom("operations").select("id").execute();
      return { deployments: ids.length, operations: operations.length };
    });
  const before = await count();
  const call = {
    method: "POST" as const,
    path: "/api/v1/deployments",
    body: { app_type: "bench", version: "items", bench_resources: 1, name: "once" },
    idempotencyKey: randomUUID(),
  };
  const answers = await Promise.all(Array.from({ length: times }, (_, server) => world.call(server, call)));
  const statuses = new Set(answers.map(({ status }) => status));
  const ids = new Set(answers.map(({ body }) => body.operation_id as string));
  const [id] = ids;
  const ended = id === undefined ? undefined : await world.plane.ended(id);
  const after = await count();
  const made = [after.deployments - before.deployments, after.operations - before.operations];
  return {
    duplicates: made.reduce((sum, number) => sum + Math.max(0, number - 1), 0),
    faults: [
      ...(statuses.size === 1 && statuses.has(202) ? [] : [`answers of ${[...statuses].join(", ")} instead of 202`]),
      ...(ids.size === 1 ? [] : [`${ids.size} different operations in the answers`]),
      ...(made.every((number) => number === 1) ? [] : [`${made[0]} deployments and ${made[1]} operations were made`]),
      ...(ended?.status === "succeeded" ? [] : [`the operation ended as ${ended?.status}`]),
    ],
  };
}
