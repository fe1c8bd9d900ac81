/** A customer's requirement that cannot be had beside the app, in words the customer can act on. */
import { SetupError } from "../../domain/setup-error.ts";
import { lastWords } from "./installer-failure.ts";

/**
 * The error when the installer found no solution; undefined when it failed for another reason.
 * @param output what the installer wrote to stderr
 */
export function requirementConflict(output: string): SetupError | undefined {
  const notFound = /was not found in the package registry|no version of|there (is|are) no version/i.test(output);
  if (!notFound && !/no solution found|unsatisfiable|conflict/i.test(output)) return undefined;
  const said = lastWords(output);
  return new SetupError("package-conflict", {
    what: "The extra requirements cannot be installed beside the app",
    why: said,
    nextStep: /not found in the package registry/i.test(output)
      ? "Check the names."
      : "Loosen or remove the version you ask for: the app's own versions are fixed.",
  });
}
