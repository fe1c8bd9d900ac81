/** Turns what the API refused into the documented line, a next step and an exit code. */
import { CliError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";

export interface ProblemBody {
  code?: string;
  message?: string;
  operation_id?: string;
  request_id?: string;
  retryable?: boolean;
  fields?: { pointer: string; message: string }[];
  docs_url?: string;
}

export class ApiError extends CliError {
  readonly status: number;
  readonly code: string;
  readonly operationId: string | undefined;

  constructor(status: number, problem: ProblemBody, requestId: string | undefined) {
    super(`API error: ${problem.message ?? `the service answered ${status}`}`, {
      exitCode: exitCodeOf(status, problem.code ?? ""),
      details: detailsOf(problem, requestId),
      nextSteps: nextStepsOf(status, problem),
    });
    this.status = status;
    this.code = problem.code ?? `HTTP_${status}`;
    this.operationId = problem.operation_id;
  }
}

/** Reads the `error` member of an answer; anything else gives an empty problem. */
export function problemOf(body: unknown): ProblemBody {
  if (typeof body !== "object" || body === null) return {};
  const error = "error" in body ? body.error : body;
  return typeof error === "object" && error !== null ? (error as ProblemBody) : {};
}

function exitCodeOf(status: number, code: string): number {
  if (code === "TIMEOUT") return exitCodes.timeout;
  const table: Record<number, number> = {
    400: exitCodes.usage,
    401: exitCodes.notAllowed,
    403: exitCodes.notAllowed,
    404: exitCodes.notFound,
    405: exitCodes.notAllowed,
    409: exitCodes.conflict,
    412: exitCodes.conflict,
    413: exitCodes.usage,
    415: exitCodes.usage,
    422: exitCodes.usage,
    428: exitCodes.conflict,
  };
  return table[status] ?? exitCodes.failed;
}

function detailsOf(problem: ProblemBody, requestId: string | undefined): string[] {
  const fields = (problem.fields ?? []).map(({ pointer, message }) => `${pointer}: ${message}`);
  const id = problem.request_id ?? requestId;
  return id === undefined ? fields : [...fields, `request id: ${id}`];
}

const nextStepByCode: Record<string, readonly string[]> = {
  INVALID_API_KEY: ["Sign in again: onvera auth login"],
  MISSING_API_KEY: ["Sign in: onvera auth login"],
  API_KEY_EXPIRED: ["Make a new key: onvera auth login"],
  API_KEY_REVOKED: ["Make a new key: onvera auth login"],
  INSUFFICIENT_SCOPE: ["Use a key with that scope, or ask an admin of your organization for one."],
  ACCESS_DENIED: ["See what your role may do: onvera auth whoami"],
  DEPLOYMENT_NOT_FOUND: ["List your deployments: onvera list"],
  OPERATION_NOT_FOUND: ["List the operations: onvera ops list"],
  ENVIRONMENT_NOT_FOUND: ["List the environments: onvera environments list"],
  RATE_LIMIT_EXCEEDED: ["Wait, then run the same command again."],
  SERVICE_UNAVAILABLE: ["Wait a moment, then run the same command again."],
  DEPLOYMENT_PROTECTED: ["Unprotect it first: onvera unprotect <deployment>"],
};

function nextStepsOf(status: number, problem: ProblemBody): readonly string[] {
  if (problem.operation_id !== undefined) {
    return [
      `See the operation: onvera ops get ${problem.operation_id}`,
      `Wait for it: onvera ops wait ${problem.operation_id}`,
    ];
  }
  const known = nextStepByCode[problem.code ?? ""];
  if (known !== undefined) return known;
  return status >= 500 ? ["Try again. If it stays, see the control plane's log: onvera logs"] : [];
}
