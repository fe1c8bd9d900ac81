/** Failures of a deployment's own parts that its owner can act on: a set-up job, a package, a source. Their words are the app's and the installer's. */
import { failure } from "../domain/failures.ts";
import type { OperationError } from "../domain/operation.ts";
import type { ResourceFailure } from "./resource-failure.ts";

const LAST_LINES = 20;

/** What the supervisor says when an extra requirement cannot be had; the rest of its sentence says which. */
const CONFLICT = "The extra requirements cannot be installed";

/** The failure in words the customer can act on; undefined when it is not of a kind that is the customer's. */
export function partFailure({ type, message }: ResourceFailure): OperationError | undefined {
  const text = message.replace(/^(error:\s*)+/i, "").trim();
  switch (type) {
    case "onvera:local:Job":
      return jobFailure(text);
    case "onvera:local:Package":
      return text.startsWith(CONFLICT) ? failure("REQUIREMENTS_CONFLICT", text) : undefined;
    case "onvera:local:Source":
      return failure("SOURCE_FAILED", text);
    default:
      return undefined;
  }
}

/** A job's failure carries its exit code and last lines, already without secrets. */
function jobFailure(text: string): OperationError {
  const lines = text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  const first = lines[0]?.replace(/ Its last lines:$/, "") ?? "A set-up job of the application failed.";
  return failure(
    "BOOTSTRAP_FAILED",
    first,
    lines.length > 1 ? { last_log_lines: lines.slice(1).slice(-LAST_LINES) } : {},
  );
}
