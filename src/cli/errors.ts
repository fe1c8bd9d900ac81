/** Errors a command ends with: what a person reads, what to do next, and the exit code a script reads. */
import { exitCodes } from "./exit-codes.ts";

export interface CliErrorParts {
  exitCode?: number;
  /** What to do next, one line each. */
  nextSteps?: readonly string[];
  /** More about it, shown below the message, one line each. */
  details?: readonly string[];
  cause?: unknown;
}

export class CliError extends Error {
  override readonly name = "CliError";
  readonly exitCode: number;
  readonly nextSteps: readonly string[];
  readonly details: readonly string[];

  constructor(
    message: string,
    { exitCode = exitCodes.failed, nextSteps = [], details = [], cause }: CliErrorParts = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.exitCode = exitCode;
    this.nextSteps = nextSteps;
    this.details = details;
  }
}

/** An input the command line cannot mean. */
export const usageError = (message: string, ...nextSteps: string[]): CliError =>
  new CliError(message, { exitCode: exitCodes.usage, nextSteps });

/** The documented answer to a command that needs a key when there is none. */
export const notAuthenticated = (...details: string[]): CliError =>
  new CliError("not authenticated. Run 'onvera auth login' first", { exitCode: exitCodes.notAllowed, details });
