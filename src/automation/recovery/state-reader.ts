/** Reads Pulumi's state of a stack from its table, without a CLI process. */
import { failure } from "../../domain/failures.ts";
import type { Store } from "../../store/database.ts";
import { StepFailure } from "../worker/target-driver.ts";
import { openState, type StackState } from "./state-integrity.ts";
import { readStateRow } from "./state-rows.ts";

/**
 * Gives the state, or undefined for a stack that was never initialised.
 * @throws StepFailure when it is damaged
 */
export async function readStackState(store: Store, stackName: string): Promise<StackState | undefined> {
  const row = await readStateRow(store, stackName);
  if (row === undefined) return undefined;
  const { state, fault } = openState(row, stackName);
  if (fault !== undefined) throw new StepFailure(damaged(fault));
  return state;
}

/** Only what changes nothing gets here: every other operation mends the state before it begins. */
const damaged = (fault: string) => failure("STATE_DAMAGED", `The stack's state cannot be read: ${fault}.`);
