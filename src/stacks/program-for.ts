/** Finds the program of an input: the one entry the runner and the plain CLI share. */
import { TEST_APP_TYPE } from "../domain/deployment-spec.ts";
import type { ProgramInput } from "../domain/program-input.ts";
import type { BenchOutputs } from "./bench-program.ts";
import { type DeploymentOutputs, deploymentProgram, type Program } from "./program.ts";
import { loadTarget } from "./targets/registry.ts";

/**
 * Imports what the input needs and makes its program.
 * @param allow `testApps`: whether this installation runs the bench app
 * @throws Error when the bench app is asked for and not allowed, or when the input cannot be rendered
 */
export async function programFor(
  input: ProgramInput,
  allow: { testApps: boolean },
): Promise<Program<DeploymentOutputs | BenchOutputs>> {
  if (input.identity.appType !== TEST_APP_TYPE) return deploymentProgram(input, await loadTarget(input.context.target));
  if (!allow.testApps) {
    throw new Error("The bench app is for tests; start the installation with ONVERA_TEST_APPS=1 to allow it.");
  }
  return (await import("./bench-program.ts")).benchProgram(input);
}
