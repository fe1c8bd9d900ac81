/** What the CLI calls each type of operation while it follows it. */
import { operationTypes } from "../../domain/operation.ts";

export interface OperationWords {
  /** "Press Ctrl+C to stop polling (destruction will continue)". */
  noun: string;
  /** First line of the follow, for example `Destroying deployment dep_…...`. */
  opening(resource: string): string;
  succeeded: string;
}

const words: Record<string, OperationWords> = {
  "deployment.create": {
    noun: "deployment",
    opening: (app) => `Deploying ${app}...`,
    succeeded: "Deployment succeeded!",
  },
  "deployment.destroy": {
    noun: "destruction",
    opening: (id) => `Destroying deployment ${id}...`,
    succeeded: "Destruction succeeded!",
  },
  "deployment.abandon": {
    noun: "abandonment",
    opening: (id) => `Abandoning deployment ${id}...`,
    succeeded: "Abandonment succeeded!",
  },
  "deployment.update": {
    noun: "update",
    opening: (id) => `Updating deployment ${id}...`,
    succeeded: "Update succeeded!",
  },
  "deployment.start": { noun: "start", opening: (id) => `Starting deployment ${id}...`, succeeded: "Start succeeded!" },
  "deployment.stop": { noun: "stop", opening: (id) => `Stopping deployment ${id}...`, succeeded: "Stop succeeded!" },
  "deployment.restart": {
    noun: "restart",
    opening: (id) => `Restarting deployment ${id}...`,
    succeeded: "Restart succeeded!",
  },
  "deployment.scale": {
    noun: "scaling",
    opening: (id) => `Scaling deployment ${id}...`,
    succeeded: "Scaling succeeded!",
  },
  "deployment.rotate_credentials": {
    noun: "rotation",
    opening: (id) => `Rotating the database password of deployment ${id}...`,
    succeeded: "Rotation succeeded!",
  },
  "deployment.plan": { noun: "plan", opening: (id) => `Planning deployment ${id}...`, succeeded: "Plan succeeded!" },
  "deployment.reconcile": {
    noun: "reconciliation",
    opening: (id) => `Reconciling deployment ${id}...`,
    succeeded: "Reconciliation succeeded!",
  },
  "dag.sync": {
    noun: "DAG sync",
    opening: (id) => `Syncing DAGs of deployment ${id}...`,
    succeeded: "DAG sync succeeded!",
  },
  "access.sync": {
    noun: "access sync",
    opening: (id) => `Syncing access to deployment ${id}...`,
    succeeded: "Access sync succeeded!",
  },
  "stack.pulumi": { noun: "pulumi run", opening: (id) => `Running pulumi on ${id}...`, succeeded: "pulumi succeeded!" },
};

/** The words of an operation type; types this CLI does not know yet get plain ones. */
export const wordsFor = (type: string): OperationWords =>
  words[type] ?? { noun: "operation", opening: (id) => `Following ${id}...`, succeeded: "Operation succeeded!" };

/** What the last status line says of an operation that went well. */
export const doneMessage = (type: string): string =>
  type in operationTypes ? operationTypes[type as keyof typeof operationTypes].done : "Complete";

/** `Deployment`, at the start of a sentence. */
export const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
