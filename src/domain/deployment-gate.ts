/** What may be asked of a deployment now: one gate, asked by the handlers, the worker and `available_actions`. */
import type { DeploymentStatus } from "./deployment-status.ts";
import type { ErrorCode } from "./errors.ts";

export const deploymentActions = [
  "update",
  "start",
  "stop",
  "restart",
  "scale",
  "dag_sync",
  "rotate_credentials",
  "plan",
  "pulumi",
  "destroy",
] as const;
export type DeploymentAction = (typeof deploymentActions)[number];

export interface GateFacts {
  name: string;
  status: DeploymentStatus;
  powerState: "running" | "stopped";
  protected: boolean;
  /** Whether a DAG repository is set. */
  hasDagSource: boolean;
  /** The changing operation that is queued or running. */
  changing: { id: string; type: string } | null;
  /** The destroy that is queued or running. */
  destroying: { id: string } | null;
}

export interface Refusal {
  code: Extract<ErrorCode, "RESOURCE_CONFLICT" | "DEPLOYMENT_PROTECTED">;
  message: string;
  operationId?: string;
}

/** Why an action is refused now; null when it may go ahead. */
export function refusal(action: DeploymentAction, facts: GateFacts): Refusal | null {
  if (facts.status === "destroyed") return conflict("Deployment has been destroyed");
  if (action === "destroy") return destroyRefusal(facts);
  if (facts.status === "destroying") return conflict("Deployment is already being destroyed", facts.destroying?.id);
  if (action === "plan") return null;
  if (facts.changing) {
    return conflict(`Another operation (${facts.changing.type}) is in progress on this deployment`, facts.changing.id);
  }
  if (facts.status === "provisioning") return conflict("Deployment is still being provisioned");
  if (facts.status === "failed") return conflict("Deployment has failed. It can only be destroyed");
  return powerRefusal(action, facts);
}

/** The actions that would not be refused now. */
export function availableActions(facts: GateFacts): DeploymentAction[] {
  return deploymentActions.filter((action) => refusal(action, facts) === null);
}

function destroyRefusal(facts: GateFacts): Refusal | null {
  if (facts.destroying) return conflict("Deployment is already being destroyed", facts.destroying.id);
  if (!facts.protected) return null;
  return {
    code: "DEPLOYMENT_PROTECTED",
    message: `Deployment is protected. Take the protection away first: PATCH it with {"protected": false, "confirm_name": ${JSON.stringify(facts.name)}}, then destroy it again`,
  };
}

function powerRefusal(action: DeploymentAction, facts: GateFacts): Refusal | null {
  if (action === "start" && facts.powerState === "running") return conflict("Deployment is already running");
  if (action === "stop" && facts.powerState === "stopped") return conflict("Deployment is already stopped");
  if (action === "restart" && facts.powerState === "stopped") {
    return conflict("Deployment is stopped. Start it instead");
  }
  if (action === "dag_sync" && !facts.hasDagSource) {
    return conflict("Deployment has no DAG repository. Set airflow.dags first");
  }
  if (action === "dag_sync" && facts.powerState === "stopped") {
    return conflict("Deployment is stopped. Start it first; its DAGs are synced then");
  }
  return null;
}

function conflict(message: string, operationId?: string): Refusal {
  return { code: "RESOURCE_CONFLICT", message, ...(operationId === undefined ? {} : { operationId }) };
}
