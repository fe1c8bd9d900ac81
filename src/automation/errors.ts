/**
 * Pulumi's failures as operation errors: a closed set of causes, public text, never the CLI's raw output (NH-09).
 * The one place that reads what the CLI printed.
 */
import type { FailureCause, OperationError } from "../domain/operation.ts";
import { partFailure } from "./part-failures.ts";
import type { ResourceFailure } from "./resource-failure.ts";
import type { RunnerOutcome } from "./runner/messages.ts";

interface Rule {
  pattern: RegExp;
  code: string;
  cause: FailureCause;
  retryable: boolean;
  message: string;
  next: string;
}

const owners: Readonly<Record<FailureCause, OperationError["owner"]>> = {
  permission: "operator",
  quota: "operator",
  conflict: "platform",
  timeout: "platform",
  capacity: "operator",
  user_config: "customer",
  provider: "platform",
  platform: "platform",
};

const retryLater = "Nothing to do: the operation is tried again by itself.";
const askOperator = "Ask the operator of this installation to look at the operation's events.";

/** First match wins; each pattern is a text the pinned CLI or PostgreSQL writes. */
const rules: readonly Rule[] = [
  {
    pattern: /the stack is currently locked by|Another update is currently in progress/,
    code: "STACK_LOCKED",
    cause: "conflict",
    retryable: true,
    message: "Another process holds the stack.",
    next: retryLater,
  },
  {
    pattern: /Stale write to stack|has no generation/,
    code: "LEASE_LOST",
    cause: "platform",
    retryable: true,
    message: "Another worker took this operation over.",
    next: retryLater,
  },
  {
    pattern: /code = Unavailable|error reading from server|transport is closing/,
    code: "PROVIDER_LOST",
    cause: "platform",
    retryable: true,
    message: "The process that makes the resources ended.",
    next: retryLater,
  },
  {
    pattern: /no space left on device|could not extend file|disk full/i,
    code: "DISK_FULL",
    cause: "capacity",
    retryable: false,
    message: "The disk is full.",
    next: "Free some space on the machine, then repeat the request.",
  },
  {
    pattern: /too many clients already|too many connections|remaining connection slots/i,
    code: "DATABASE_BUSY",
    cause: "capacity",
    retryable: true,
    message: "The database server has no free connection.",
    next: retryLater,
  },
  {
    pattern: /tuple concurrently updated|deadlock detected|could not serialize access|40001|40P01/,
    code: "DATABASE_CONFLICT",
    cause: "conflict",
    retryable: true,
    message: "Two changes met in the database.",
    next: retryLater,
  },
  {
    pattern:
      /ECONNREFUSED|connection refused|the database system is (starting up|shutting down)|ECONNRESET|server closed the connection|Connection terminated|57P0[1-3]/i,
    code: "DATABASE_UNREACHABLE",
    cause: "platform",
    retryable: true,
    message: "The database server or a service of this machine could not be reached.",
    next: retryLater,
  },
  {
    pattern: /permission denied|42501|not authorized|AccessDenied|forbidden/i,
    code: "PERMISSION_DENIED",
    cause: "permission",
    retryable: false,
    message: "The platform was refused a right it needs.",
    next: "Ask the operator to check the rights named in the operation's events.",
  },
  {
    pattern: /quota|LimitExceeded|limit exceeded/i,
    code: "QUOTA_EXCEEDED",
    cause: "quota",
    retryable: false,
    message: "A limit of the installation was reached.",
    next: "Remove something, or ask the operator to raise the limit.",
  },
  {
    pattern: /no plugin '|could not (?:find|load) plugin|PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION/i,
    code: "PLUGIN_MISSING",
    cause: "platform",
    retryable: false,
    message: "A provider plugin is missing on this machine.",
    next: "Run 'onvera setup', then repeat the request.",
  },
  {
    pattern: /marked for protection|is protected/,
    code: "DATA_LOSS_REFUSED",
    cause: "conflict",
    retryable: false,
    message: "The change would delete or replace data that nothing can bring back.",
    next: "Nothing was changed. Look at the plan; a change like this must be asked for by name.",
  },
  {
    pattern: /already exists/i,
    code: "NAME_TAKEN",
    cause: "conflict",
    retryable: false,
    message: "Something that is not this deployment's stands under a name it needs.",
    next: askOperator,
  },
  {
    pattern: /timed? ?out|deadline exceeded/i,
    code: "TIMED_OUT",
    cause: "timeout",
    retryable: true,
    message: "A step took too long.",
    next: retryLater,
  },
];

/**
 * The error of a run that did not succeed.
 * @param failures what the engine's events said, if anything; its first resource is named
 */
export function engineError(outcome: RunnerOutcome, failures: readonly ResourceFailure[]): OperationError {
  if (outcome.dataLoss.length > 0) return dataLossError(outcome.dataLoss);
  const first = failures[0];
  const text = [first?.message ?? "", outcome.programError ?? "", outcome.cli?.stderr ?? "", outcome.cli?.stdout ?? ""];
  const rule = rules.find(({ pattern }) => text.some((part) => pattern.test(part)));
  const part = first === undefined ? undefined : partFailure(first);
  const resource = first === undefined ? {} : { resource: { urn: first.urn, type: first.type } };
  if (part !== undefined) return { ...part, owner: owners[part.cause], ...resource };
  if (rule !== undefined) {
    const { code, cause, retryable, message, next } = rule;
    return { code, message, cause, retryable, owner: owners[cause], next_step: next, ...resource };
  }
  if (outcome.programError !== undefined) {
    return operationError("PROGRAM_FAILED", "user_config", "The deployment cannot be described with these settings.", {
      next_step: "Check the settings of the request; the operation's events say which one.",
    });
  }
  const message = first === undefined ? "The engine stopped." : `${first.type.split(":").at(-1)} could not be set up.`;
  // A killed engine has no word of its own: what it left is found again by the next attempt.
  const killed = outcome.cli !== undefined && outcome.cli.exitCode === null;
  return {
    ...operationError(killed ? "ENGINE_KILLED" : "ENGINE_FAILED", killed ? "platform" : "provider", message),
    retryable: killed,
    ...resource,
  };
}

/** The plan would lose data that the request did not name (NH-05). */
export function dataLossError(urns: readonly string[]): OperationError {
  const names = urns.map((urn) => urn.slice(urn.lastIndexOf("::") + 2)).join(", ");
  const message = `The change would delete or replace ${names}, and with it data that nothing can bring back.`;
  return operationError("DATA_LOSS_REFUSED", "conflict", message, {
    next_step: "Nothing was changed. Look at the plan; a change like this must be asked for by name.",
  });
}

/** An operation error with the usual owner of its cause. */
export function operationError(
  code: string,
  cause: FailureCause,
  message: string,
  more: Partial<Pick<OperationError, "retryable" | "next_step" | "phase" | "last_log_lines">> = {},
): OperationError {
  return { code, message, cause, retryable: false, owner: owners[cause], next_step: askOperator, ...more };
}
