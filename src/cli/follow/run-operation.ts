/** The course every command takes that starts an operation: say it, submit, print the id, follow to the end. */
import type { Accepted, Operation } from "../api/contract.ts";
import { exitCodes } from "../exit-codes.ts";
import { type Invocation, isSet, text } from "../invocation.ts";
import { timeoutSeconds } from "../options.ts";
import { followToEnd } from "./follow.ts";
import { wordsFor } from "./words.ts";

export interface OperationRun {
  /** Operation type, for its words. */
  type: string;
  /** What the opening line names: the deployment's id, or the app. */
  subject: string;
  submit(): Promise<Accepted>;
  /** Lines between the opening and the operation's id. */
  announce?(accepted: Accepted): readonly string[];
  /** The id `--output name` and `--quiet` print; the operation's, when absent. */
  name?(accepted: Accepted): string;
  /** Called when the operation ended, whatever its end: gives the document and what a person sees below the lines. */
  finish?(operation: Operation, accepted: Accepted): Promise<{ value: unknown; table: string }>;
}

/**
 * @returns the exit code
 * @throws what `submit` throws, CliError for a bad --timeout, exit 6 when the time is up
 */
export async function runOperation(invocation: Invocation, run: OperationRun): Promise<number> {
  const { output, io } = invocation;
  const timeout = timeoutSeconds(text(invocation, "timeout"));
  output.line(wordsFor(run.type).opening(run.subject));
  const startedAt = io.now();
  const accepted = await run.submit();
  for (const line of run.announce?.(accepted) ?? []) output.line(line);
  output.line(`Operation ID: ${accepted.operation_id}`);
  const names = () => [run.name?.(accepted) ?? accepted.operation_id];
  if (!isSet(invocation, "wait")) {
    output.data(accepted, { names, table: () => "" });
    output.say(`Follow it: onvera ops wait ${accepted.operation_id}`);
    return exitCodes.ok;
  }
  const { exitCode, operation } = await followToEnd(invocation, {
    operationId: accepted.operation_id,
    type: run.type,
    startedAt,
    timeoutSeconds: timeout,
  });
  if (operation === undefined) return exitCode;
  const { value, table } = (await run.finish?.(operation, accepted)) ?? { value: operation, table: "" };
  output.data(value, { names, table: () => table });
  return exitCode;
}
