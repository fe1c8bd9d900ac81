/** The five states of a deployment and the only ways between them (TN-11). The database holds the same table. */

export const deploymentStatuses = ["provisioning", "ready", "destroying", "failed", "destroyed"] as const;
export type DeploymentStatus = (typeof deploymentStatuses)[number];

export const nextDeploymentStatuses = {
  provisioning: ["ready", "failed", "destroying"],
  ready: ["destroying"],
  failed: ["destroying"],
  destroying: ["destroyed"],
  destroyed: [],
} as const satisfies Record<DeploymentStatus, readonly DeploymentStatus[]>;

/** Whether the state machine has that arrow. */
export function canBecome(from: DeploymentStatus, to: DeploymentStatus): boolean {
  return (nextDeploymentStatuses[from] as readonly DeploymentStatus[]).includes(to);
}

/** What happened to a deployment so far; its status follows from these facts alone (ON-38). */
export interface DeploymentFacts {
  firstReadyAt: Date | null;
  failedAt: Date | null;
  destroyRequestedAt: Date | null;
  destroyedAt: Date | null;
}

/** Computes the status; the generated column of table `deployments` is the same rule. */
export function statusOf(facts: DeploymentFacts): DeploymentStatus {
  if (facts.destroyedAt !== null) return "destroyed";
  if (facts.destroyRequestedAt !== null) return "destroying";
  if (facts.failedAt !== null) return "failed";
  if (facts.firstReadyAt !== null) return "ready";
  return "provisioning";
}
