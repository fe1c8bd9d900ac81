/** The step of a `stack.pulumi` operation: an operator's changing line of the plain CLI, under the operation's lease. */
import { readPulumiLine } from "../../domain/plain-pulumi.ts";
import { recoverStack, settleIntents } from "../recovery/recover-stack.ts";
import type { OperationRun } from "./operation-run.ts";

/** Runs the line on what the deployment is now; the program it meets is that of the applied revision. */
export async function plainPulumi(run: OperationRun): Promise<void> {
  const { wanted, operation } = run.context;
  const argv = Array.isArray(operation.input.argv) ? operation.input.argv.map(String) : [];
  const { runsProgram } = readPulumiLine(argv);
  // Editing the state may be what an unclear resource needs, so such a line is not held up by one.
  if (runsProgram) await recoverStack(run);
  const context = await run.deploymentContext(wanted);
  const target = await run.driver.describe(context);
  const result = await run.runEngine({
    verb: "up",
    revision: wanted,
    target,
    revisionName: await run.driver.writeRevision(context, target),
    mayLose: "all",
    argv,
  });
  if (runsProgram) await settleIntents(run);
  run.results.result = { changes: result.changes, output: result.lineOutput ?? "" };
}
