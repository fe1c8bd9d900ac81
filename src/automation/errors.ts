/**
 * Pulumi's failures as operation errors: codes of the table in domain/failures.ts, public text, never the CLI's raw
 * output (NH-09). The one place that reads what the CLI printed.
 */
import { type FailureCode, failure } from "../domain/failures.ts";
import type { OperationError } from "../domain/operation.ts";
import { SetupError, type SetupErrorCode, systemErrorCode } from "../domain/setup-error.ts";
import { partFailure } from "./part-failures.ts";
import type { ResourceFailure } from "./resource-failure.ts";
import type { RunnerOutcome } from "./runner/messages.ts";

/** Types of what is in a Kubernetes cluster: a connection that failed there was one to its API server. */
const CLUSTER_TYPES = "kubernetes:";

/** First match wins; each pattern is a text the pinned CLI or PostgreSQL writes. */
const rules: readonly (readonly [pattern: RegExp, code: FailureCode])[] = [
  [/the stack is currently locked by|Another update is currently in progress/, "STACK_LOCKED"],
  [/Stale write to stack|has no generation/, "LEASE_LOST"],
  [/configured Kubernetes cluster is unreachable/, "CLUSTER_UNREACHABLE"],
  [/code = Unavailable|error reading from server|transport is closing/, "PROVIDER_LOST"],
  [/no space left on device|could not extend file|disk full|EDQUOT/i, "DISK_FULL"],
  [/too many clients already|too many connections|remaining connection slots/i, "DATABASE_BUSY"],
  [/tuple concurrently updated|deadlock detected|could not serialize access|40001|40P01/, "DATABASE_CONFLICT"],
  [
    /ECONNREFUSED|connection refused|the database system is (starting up|shutting down|not yet accepting|in recovery)|ECONNRESET|connection reset by peer|server closed the connection|Connection terminated|terminating connection|57P0[1-3]|driver: bad connection|unexpected EOF|failed to ping PostgreSQL|(?:^|: )EOF\s*$|not queryable/im,
    "DATABASE_UNREACHABLE",
  ],
  [/permission denied|42501|not authorized|AccessDenied|forbidden/i, "PERMISSION_DENIED"],
  [/quota|LimitExceeded|limit exceeded/i, "QUOTA_EXCEEDED"],
  [/no plugin '|could not (?:find|load) plugin|PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION/i, "PLUGIN_MISSING"],
  [/marked for protection|is protected/, "DATA_LOSS_REFUSED"],
  [/already exists/i, "NAME_TAKEN"],
  [/timed? ?out|deadline exceeded/i, "TIMED_OUT"],
];

/** What can befall the worker itself as well; the other texts mean something else when it is not the engine that says them. */
const ofThisMachine = new Set<FailureCode>(["DISK_FULL", "DATABASE_BUSY", "DATABASE_CONFLICT", "DATABASE_UNREACHABLE"]);

/** What this machine lacks for an app's packages. Its exact words name folders and mirrors, so only the log has them. */
const lacking: Partial<Record<SetupErrorCode, FailureCode>> = {
  "disk-full": "DISK_FULL",
  network: "PACKAGES_UNREACHABLE",
  "python-missing": "PYTHON_MISSING",
  "python-unfit": "PYTHON_MISSING",
};

/** The error of a step that threw what no step foresees: a full disk or a database that is away is called by its name. */
export function workerError(thrown: unknown): OperationError {
  if (thrown instanceof SetupError) return failure(lacking[thrown.code] ?? "PLATFORM_FAULT");
  const said = thrown instanceof Error ? `${systemErrorCode(thrown) ?? ""} ${thrown.message}` : "";
  const rule = rules.find(([pattern, code]) => ofThisMachine.has(code) && pattern.test(said));
  return failure(rule?.[1] ?? "PLATFORM_FAULT");
}

/**
 * The error of a run that did not succeed.
 * @param resourceFailures what the engine's events said, if anything; its first resource is named
 */
export function engineError(outcome: RunnerOutcome, resourceFailures: readonly ResourceFailure[]): OperationError {
  if (outcome.dataLoss.length > 0) return dataLossError(outcome.dataLoss);
  const first = resourceFailures[0];
  const text = [first?.message ?? "", outcome.programError ?? "", outcome.cli?.stderr ?? "", outcome.cli?.stdout ?? ""];
  const code = rules.find(([pattern]) => text.some((part) => pattern.test(part)))?.[1];
  const part = first === undefined ? undefined : partFailure(first);
  const isOfCluster = code === "DATABASE_UNREACHABLE" && first?.type.startsWith(CLUSTER_TYPES) === true;
  const resource = first === undefined ? {} : { resource: { urn: first.urn, type: first.type } };
  if (part !== undefined) return { ...part, ...resource };
  if (code !== undefined) return failure(isOfCluster ? "CLUSTER_UNREACHABLE" : code, undefined, resource);
  if (outcome.programError !== undefined) return failure("PROGRAM_FAILED");
  const message = first === undefined ? undefined : `${first.type.split(":").at(-1)} could not be set up.`;
  // A killed engine has no word of its own: what it left is found again by the next attempt.
  const killed = outcome.cli !== undefined && outcome.cli.exitCode === null;
  return failure(killed ? "ENGINE_KILLED" : "ENGINE_FAILED", message, resource);
}

/** The plan would lose data that the request did not name (NH-05). */
function dataLossError(urns: readonly string[]): OperationError {
  const names = urns.map((urn) => urn.slice(urn.lastIndexOf("::") + 2)).join(", ");
  const message = `The change would delete or replace ${names}, and with it data that nothing can bring back.`;
  return failure("DATA_LOSS_REFUSED", message);
}
