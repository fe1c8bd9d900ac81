/** An operator's pulumi line that failed: never tried again by itself, and told in the CLI's own words. */
import { failure } from "../../domain/failures.ts";
import type { OperationError } from "../../domain/operation.ts";
import type { EngineResult } from "../engine.ts";

const LAST_LINES = 20;

/** The error of such an operation; its lines are free of secrets because the runner removed them. */
export function plainLineError({ error, cliOutput = "" }: EngineResult): OperationError {
  const known = error?.code === "ENGINE_FAILED" ? undefined : error;
  const lines = cliOutput.split("\n").filter((line) => line.trim() !== "");
  return {
    ...(known ?? failure("PULUMI_FAILED")),
    retryable: false,
    owner: "operator",
    next_step: "Read pulumi's last lines below, then run the corrected command.",
    last_log_lines: lines.slice(-LAST_LINES),
  };
}
