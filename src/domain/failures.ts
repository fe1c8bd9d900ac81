/** Every reason an operation can fail for: one table of code, cause, who must act and the next step (NH-09). */
import type { FailureCause, OperationError } from "./operation.ts";

interface FailureFacts {
  cause: FailureCause;
  /** Whether the operation is tried again by itself, a bounded number of times. */
  retryable: boolean;
  /** Who must act; the cause's usual one where left out. */
  owner?: OperationError["owner"];
  /** What is said when nothing more exact is known. */
  message: string;
  nextStep: string;
}

/** Who usually must act on a cause. */
const ownerOf: Readonly<Record<FailureCause, OperationError["owner"]>> = {
  permission: "operator",
  quota: "operator",
  conflict: "platform",
  timeout: "platform",
  capacity: "operator",
  user_config: "customer",
  provider: "platform",
  platform: "platform",
};

const byItself = "Nothing to do: the operation is tried again by itself.";
const askOperator = "Ask the operator of this installation to look at the operation's events.";

export const failures = {
  STACK_LOCKED: passing("conflict", "Another process holds the stack."),
  LEASE_LOST: passing("platform", "Another worker took this operation over."),
  PROVIDER_LOST: passing("platform", "The process that makes the resources ended."),
  DISK_FULL: lasting("capacity", "The disk is full.", "Free some space on the machine, then repeat the request."),
  DATABASE_BUSY: passing("capacity", "The database server has no free connection."),
  DATABASE_CONFLICT: passing("conflict", "Two changes met in the database."),
  DATABASE_UNREACHABLE: passing("platform", "The database server or a service of this machine could not be reached."),
  PACKAGES_UNREACHABLE: {
    cause: "platform",
    retryable: true,
    owner: "operator",
    message: "The application's packages could not be fetched: this machine does not reach the package index.",
    nextStep: "Check the machine's network, proxy and index settings, then repeat the request: it goes on from there.",
  },
  PYTHON_MISSING: lasting(
    "platform",
    "There is no Python on this machine that the application runs on.",
    "Run 'onvera doctor' on the machine; it says what to install. Then repeat the request.",
    "operator",
  ),
  PERMISSION_DENIED: lasting(
    "permission",
    "The platform was refused a right it needs.",
    "Ask the operator to check the rights named in the operation's events.",
  ),
  QUOTA_EXCEEDED: lasting(
    "quota",
    "A limit of the installation was reached.",
    "Remove something, or ask the operator to raise the limit.",
  ),
  PLUGIN_MISSING: lasting(
    "platform",
    "A provider plugin is missing on this machine.",
    "Run 'onvera setup', then repeat the request.",
    "operator",
  ),
  DATA_LOSS_REFUSED: lasting(
    "conflict",
    "The change would delete or replace data that nothing can bring back.",
    "Nothing was changed. Look at the plan; a change like this must be asked for by name.",
    "customer",
  ),
  NAME_TAKEN: lasting(
    "conflict",
    "Something that is not this deployment's stands under a name it needs.",
    askOperator,
    "operator",
  ),
  UNCLEAR_RESOURCE: lasting(
    "conflict",
    "Whose something under a needed name is could not be found out.",
    "Rename, remove or mark it as this deployment's own, then repeat the request.",
    "operator",
  ),
  TIMED_OUT: passing("timeout", "A step took too long."),
  DEADLINE_EXCEEDED: lasting("timeout", "A step of the operation took too long and was stopped.", askOperator),
  PROGRAM_FAILED: lasting(
    "user_config",
    "The deployment cannot be described with these settings.",
    "Check the settings of the request; the operation's events say which one.",
  ),
  REQUIREMENTS_CONFLICT: lasting(
    "user_config",
    "The extra requirements cannot be installed.",
    "Change the requirements with --requirements, then repeat the request.",
  ),
  SOURCE_FAILED: lasting(
    "user_config",
    "The repository could not be fetched.",
    "Check the repository's address, branch and folder, then repeat the request.",
  ),
  BOOTSTRAP_FAILED: lasting(
    "user_config",
    "A set-up job of the application failed.",
    "Read the last lines of the job below; the settings of the request decide most of what it does.",
  ),
  PROCESS_CRASHES: lasting(
    "user_config",
    "A process of the application keeps ending.",
    "Read its last lines below; take back the setting they name with 'onvera update', or destroy the deployment.",
  ),
  CLUSTER_UNREACHABLE: {
    cause: "platform",
    retryable: true,
    owner: "operator",
    message: "The cluster's API server does not answer.",
    nextStep:
      "Check that the cluster runs and can be reached ('onvera clusters check'), then repeat the request: it goes on from there.",
  },
  CLUSTER_ACCESS_REFUSED: lasting(
    "permission",
    "The cluster does not accept the access it was registered with any more.",
    "Give the cluster a kubeconfig that works ('onvera clusters update'), then repeat the request.",
  ),
  CLUSTER_PERMISSION_MISSING: lasting(
    "permission",
    "The cluster refused something to the account it is reached by.",
    "Apply what 'onvera clusters manifest' prints to the cluster, then repeat the request.",
  ),
  CLUSTER_REFUSED: lasting("conflict", "The cluster did not take a change.", askOperator, "operator"),
  IMAGE_MISSING: lasting(
    "platform",
    "An image of the application cannot be pulled.",
    "Put the named image where the cluster pulls from, or mend its access to the registry; then repeat the request.",
    "operator",
  ),
  POD_UNSCHEDULABLE: lasting(
    "capacity",
    "No node of the cluster takes a pod of the application.",
    "The scheduler's words say what is missing: add or uncordon a node, or choose a smaller size; then repeat the request.",
  ),
  POD_CANNOT_START: lasting(
    "platform",
    "A container of the application cannot be made.",
    "The node's words say why; mend it, then repeat the request.",
    "operator",
  ),
  PROCESS_NOT_READY: lasting(
    "user_config",
    "A process of the application runs and does not become ready.",
    "Read its last lines below; take back the setting they name with 'onvera update', or choose a larger size.",
  ),
  ADDRESS_UNREACHABLE: lasting(
    "platform",
    "The application runs, and its public address does not answer as it should.",
    "Check the cluster's ingress controller, the domain's DNS record and the certificate; then repeat the request.",
    "operator",
  ),
  NAMESPACE_STUCK: {
    cause: "platform",
    retryable: true,
    owner: "operator",
    message: "The deployment's namespace does not go away.",
    nextStep:
      "See to whatever owns the named finalizers (or take them off), then destroy the deployment again: that goes on where this stopped.",
  },
  APP_UNREACHABLE: passing("platform", "The application does not answer."),
  APP_LOGIN_REFUSED: lasting(
    "user_config",
    "The application does not take its administrator's password any more.",
    "Give the app's user 'admin' the password that 'onvera credentials' shows, then run 'onvera access sync'.",
  ),
  ACCESS_INCOMPLETE: lasting(
    "user_config",
    "The application did not do for everybody what was asked.",
    "'onvera access status' names the people and what the app said; mend it there, then run 'onvera access sync'.",
  ),
  ACCESS_STILL_OPEN: passing("platform", "The application still answers at its public address."),
  TEMPLATE_FAILED: {
    cause: "platform",
    retryable: true,
    owner: "operator",
    message: "The database template of the application's version could not be made.",
    nextStep:
      "Read the last lines of the app's migration below; 'onvera doctor' tells whether disk or memory is short.",
  },
  PULUMI_FAILED: lasting(
    "user_config",
    "pulumi ended with an error.",
    "Read pulumi's last lines below, then run the corrected command.",
    "operator",
  ),
  ENGINE_FAILED: lasting("provider", "The engine stopped.", askOperator),
  ENGINE_KILLED: passing("platform", "The engine was killed."),
  STATE_DAMAGED: lasting(
    "platform",
    "The stack's state is damaged.",
    "The next change of the deployment brings the newest whole version back; so does 'onvera state restore'.",
    "operator",
  ),
  DESTROY_INCOMPLETE: {
    cause: "platform",
    retryable: true,
    owner: "operator",
    message: "Something of the deployment is still there after the destroy.",
    nextStep: "Look at what is left behind, then destroy the deployment again: that goes on where this stopped.",
  },
  CHANGE_FAILED: lasting(
    "platform",
    "The change failed, and its worker was lost while the version that ran before was brought back.",
    askOperator,
  ),
  GIVEN_UP: lasting("platform", "The operation lost its worker too often.", askOperator),
  WORKER_DRAINED: passing("platform", "The worker is being stopped."),
  PLATFORM_FAULT: passing("platform", "The platform could not carry the operation out."),
} as const satisfies Record<string, FailureFacts>;

export type FailureCode = keyof typeof failures;

type More = Partial<
  Pick<OperationError, "retryable" | "owner" | "next_step" | "resource" | "residue" | "last_log_lines">
>;

/**
 * The error of an operation, as the table has it.
 * @param message one or two public sentences without secrets; the table's, when left out
 */
export function failure(code: FailureCode, message?: string, more: More = {}): OperationError {
  const facts: FailureFacts = failures[code];
  return {
    code,
    message: message ?? facts.message,
    cause: facts.cause,
    retryable: facts.retryable,
    owner: facts.owner ?? ownerOf[facts.cause],
    next_step: facts.nextStep,
    ...more,
  };
}

/** An error that ends its operation: what was tried again by itself is not tried any more. */
export function lastWord(error: OperationError, attempts: number): OperationError {
  if (!error.retryable || error.next_step !== byItself) return error;
  const tried = attempts > 1 ? `It was tried ${attempts} times. ` : "";
  return {
    ...error,
    next_step: `${tried}Repeat the request; if it fails again, ask the operator of this installation.`,
  };
}

function passing(cause: FailureCause, message: string): FailureFacts {
  return { cause, retryable: true, message, nextStep: byItself };
}

function lasting(
  cause: FailureCause,
  message: string,
  nextStep: string,
  owner?: OperationError["owner"],
): FailureFacts {
  return { cause, retryable: false, message, nextStep, ...(owner === undefined ? {} : { owner }) };
}
