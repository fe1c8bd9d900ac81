/** Reads Pulumi's state of a stack from its table, without a CLI process. */
import { z } from "zod";
import { PROJECT_NAME } from "../../domain/names.ts";
import type { Store } from "../../store/database.ts";

const Resource = z.object({
  urn: z.string(),
  type: z.string(),
  custom: z.boolean().optional(),
  id: z.string().optional(),
  parent: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
});
export type StateResource = z.infer<typeof Resource>;

const Checkpoint = z.object({
  checkpoint: z.object({
    latest: z
      .object({
        resources: z.array(Resource).default([]),
        pending_operations: z.array(z.object({ resource: Resource, type: z.string() })).default([]),
      })
      .nullish(),
  }),
});

export interface StackState {
  resources: StateResource[];
  /** Steps that had begun when the engine was killed. */
  pending: { resource: StateResource; type: string }[];
}

/** Gives the state, or undefined for a stack that was never initialised. */
export async function readStackState(store: Store, stackName: string): Promise<StackState | undefined> {
  const { rows } = await store.pool.query<{ data: { data: string } }>(
    "SELECT data FROM pulumi.pulumi_state WHERE key = current_database() || $1",
    [`/.pulumi/stacks/${PROJECT_NAME}/${stackName}.json`],
  );
  const row = rows[0];
  if (!row) return undefined;
  const text = Buffer.from(row.data.data, "base64").toString("utf8");
  const { latest } = Checkpoint.parse(JSON.parse(text)).checkpoint;
  return { resources: latest?.resources ?? [], pending: latest?.pending_operations ?? [] };
}
