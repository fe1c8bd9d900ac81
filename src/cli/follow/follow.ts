/** Follows an operation as documented: status lines, Ctrl+C that stops the following only, and what to do when it failed. */
import type { Operation, OperationEvent } from "../api/contract.ts";
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import type { Invocation } from "../invocation.ts";
import { failureReport } from "./failure.ts";
import { createQueueLine } from "./queue-line.ts";
import { createStatusLine } from "./status-line.ts";
import { waitingMessage } from "./waiting.ts";
import { watchOperation } from "./watch.ts";
import { capitalized, doneMessage, type OperationWords, wordsFor } from "./words.ts";

export interface FollowOptions {
  operationId: string;
  type: string;
  /** When the work began, milliseconds since 1970; now, when absent. */
  startedAt?: number | undefined;
  /** No lines at all: the caller shows the result. */
  isSilent?: boolean;
  /** After this many seconds the following ends with exit code 6. */
  timeoutSeconds?: number | undefined;
}

export type Followed =
  | { outcome: "ended"; operation: Operation }
  /** The person stopped it; what to say has been said. */
  | { outcome: "detached" };

const DETACHED = Symbol("detached");
const TIMED_OUT = Symbol("timed out");

/**
 * Prints the lines until the operation ended or the person left.
 * @throws CliError exit 6 when the time is up; ApiError when the operation cannot be read
 */
export async function followOperation(invocation: Invocation, options: FollowOptions): Promise<Followed> {
  const { io, output } = invocation;
  const { operationId, type, timeoutSeconds } = options;
  const words = wordsFor(type);
  if (!options.isSilent) {
    output.line("Polling for completion...");
    output.line(`Press Ctrl+C to stop polling (${words.noun} will continue)`);
  }

  const abort = new AbortController();
  const undo = io.onInterrupt(() => abort.abort(DETACHED));
  const timer =
    timeoutSeconds === undefined ? undefined : setTimeout(() => abort.abort(TIMED_OUT), timeoutSeconds * 1000);
  const isLive = output.isForPrograms ? io.errIsLive : io.outIsLive;
  const status = createStatusLine({
    write: output.quiet || options.isSilent ? () => undefined : output.isForPrograms ? io.err : io.out,
    isLive,
    columns: io.columns,
    startedAt: options.startedAt ?? io.now(),
    now: io.now,
  });
  const queue = createQueueLine(status);
  let phaseNow: string | undefined;
  try {
    const operation = await watchOperation({
      api: invocation.api(),
      operationId,
      signal: abort.signal,
      onChange(changed) {
        const [phase, message] = lineOf(changed);
        if (changed.status === "queued") return queue.show(message);
        queue.leave();
        status.show(phase, message);
      },
      onEvent(event, { requested_at }) {
        if (event.type === "status" && event.data.status !== "queued") queue.leave();
        const line = lineOfEvent(event, type);
        if (line === undefined) return;
        if (line.phase !== undefined) phaseNow = line.phase;
        if (phaseNow !== undefined)
          status.show(phaseNow, line.message, Math.max(0, Date.parse(event.at) - Date.parse(requested_at)));
      },
      onSilence: (isSilent) =>
        output.say(
          isSilent ? "The service does not answer; still trying (the work goes on)..." : "The service is back.",
        ),
    });
    status.end();
    return { outcome: "ended", operation };
  } catch (error) {
    status.end();
    if (error === DETACHED) {
      for (const line of waysOn(words, operationId)) output.warn(line);
      return { outcome: "detached" };
    }
    if (error === TIMED_OUT) throw timedOut(words, operationId, timeoutSeconds ?? 0);
    throw error;
  } finally {
    queue.leave();
    clearTimeout(timer);
    undo();
  }
}

/** Follows and turns the end into an exit code: the success line on standard output, a failure's report on standard error. */
export async function followToEnd(
  invocation: Invocation,
  options: FollowOptions,
): Promise<{ exitCode: number; operation?: Operation }> {
  const followed = await followOperation(invocation, options);
  if (followed.outcome === "detached") return { exitCode: exitCodes.interrupted };
  const { operation } = followed;
  return { exitCode: announceEnd(invocation, operation), operation };
}

/** Says how it ended. @returns the exit code */
export function announceEnd({ output }: Invocation, operation: Operation): number {
  const words = wordsFor(operation.type);
  if (operation.status === "succeeded") {
    output.line("");
    output.line(words.succeeded);
    return exitCodes.ok;
  }
  output.warn("");
  for (const line of failureReport(operation, capitalized(words.noun))) output.warn(line);
  return exitCodes.failed;
}

/** The phase and the message of an operation's status line. */
function lineOf(operation: Operation): readonly [phase: string, message: string] {
  const { status, progress, type, error } = operation;
  if (status === "succeeded") return [status, doneMessage(type)];
  if (status === "failed") return [status, error?.message ?? progress.message];
  if (status === "canceled") return [status, "Canceled"];
  if (status === "queued") return [status, waitingMessage(operation)];
  return [progress.phase || status, progress.message || "Working"];
}

/**
 * What an event changes in the status line: the phase, or only what is said within it. The phases of a destroy keep their
 * documented messages.
 */
function lineOfEvent({ type, data }: OperationEvent, operationType: string) {
  if (type === "phase") return { phase: String(data.phase), message: String(data.message) };
  const said = type === "log" && data.process === "onvera" && operationType !== "deployment.destroy";
  return said ? { phase: undefined, message: String(data.text) } : undefined;
}

const waysOn = (words: OperationWords, operationId: string): string[] => [
  "",
  `Stopped polling; the ${words.noun} continues.`,
  `  See it:    onvera ops get ${operationId}`,
  `  Follow it: onvera ops wait ${operationId}`,
  `  Cancel it: onvera ops cancel ${operationId}`,
];

const timedOut = (words: OperationWords, operationId: string, seconds: number): CliError =>
  new CliError(`The ${words.noun} was not over after ${seconds} s; it continues.`, {
    exitCode: exitCodes.timeout,
    nextSteps: [`Follow it: onvera ops wait ${operationId}`],
  });
