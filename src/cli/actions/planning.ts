/** Plans: asks the service what a change would do and shows it the way `pulumi preview` does. */
import { isTerminal } from "../../domain/operation.ts";
import type { DeploymentChanges, Operation } from "../api/contract.ts";
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { failureReport } from "../follow/failure.ts";
import { followOperation } from "../follow/follow.ts";
import type { Invocation } from "../invocation.ts";
import { planText, readPlan } from "../output/plan.ts";

/**
 * Runs the plan operation to its end without the documented polling lines: a plan is an answer, not a change.
 * @throws CliError exit 130 when the person left, exit 1 when planning failed
 */
export async function planOnce(
  invocation: Invocation,
  id: string,
  body: { destroy?: boolean; changes?: DeploymentChanges },
): Promise<Operation> {
  const { output } = invocation;
  const { operation_id } = await invocation.api().call("planDeployment", { path: { deployment_id: id }, body });
  output.say(`Planning (operation ${operation_id})...`);
  const followed = await followOperation(invocation, {
    operationId: operation_id,
    type: "deployment.plan",
    isSilent: true,
  });
  if (followed.outcome === "detached")
    throw new CliError("Interrupted; nothing was changed.", { exitCode: exitCodes.interrupted });
  const { operation } = followed;
  if (isTerminal(operation.status) && operation.status !== "succeeded") {
    const [message = "The plan failed.", ...details] = failureReport(operation, "Plan");
    throw new CliError(message, { details: details.map((line) => line.trim()) });
  }
  return operation;
}

/** Prints the plan. @returns exit code 0 */
export async function showPlan(invocation: Invocation, operation: Operation): Promise<number> {
  const plan = readPlan(operation.result);
  invocation.output.data(operation.result ?? {}, {
    names: () => [operation.id],
    table: (hasColor) => planText(plan, hasColor),
  });
  return exitCodes.ok;
}
