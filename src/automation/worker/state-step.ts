/** The step of a reconciliation that puts an earlier state in place; without one named it only looks. */
import { restoreState } from "../recovery/state-versions.ts";
import type { OperationRun } from "./operation-run.ts";

/** Restores the version the request names. The refresh that `up` begins with finds what it does not know of. */
export async function restoreStateStep({ store, context, claim, io, results }: OperationRun): Promise<void> {
  const { state_version: version } = context.operation.input;
  if (typeof version !== "number") return;
  io.say(`Restoring version ${version} of the state`);
  const operation = { ...context.operation, lease_generation: claim.lease.generation };
  const restored = await restoreState(store, operation, { version, because: "it was asked for" });
  results.result = { state_version: restored.version };
}
