/** Reads Pulumi's state of a stack from its table, without a CLI process. */
import { z } from "zod";
import { failure } from "../../domain/failures.ts";
import { PROJECT_NAME } from "../../domain/names.ts";
import type { Store } from "../../store/database.ts";
import { StepFailure } from "../worker/target-driver.ts";
import { stateFault, stateText } from "./state-integrity.ts";

const Resource = z.object({
  urn: z.string(),
  type: z.string(),
  custom: z.boolean().optional(),
  id: z.string().optional(),
  parent: z.string().optional(),
  dependencies: z.array(z.string()).nullish(),
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

/**
 * Gives the state, or undefined for a stack that was never initialised.
 * @throws StepFailure when it is damaged
 */
export async function readStackState(store: Store, stackName: string): Promise<StackState | undefined> {
  const { rows } = await store.pool.query<{ data: unknown }>(
    "SELECT data FROM pulumi.pulumi_state WHERE key = current_database() || $1",
    [`/.pulumi/stacks/${PROJECT_NAME}/${stackName}.json`],
  );
  const row = rows[0];
  if (!row) return undefined;
  const fault = stateFault(row.data, stackName);
  if (fault !== undefined) throw new StepFailure(damaged(fault));
  const { latest } = Checkpoint.parse(JSON.parse(stateText(row.data))).checkpoint;
  return { resources: latest?.resources ?? [], pending: latest?.pending_operations ?? [] };
}

/** Only what changes nothing gets here: every other operation mends the state before it begins. */
const damaged = (fault: string) => failure("STATE_DAMAGED", `The stack's state cannot be read: ${fault}.`);
