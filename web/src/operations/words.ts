/** Operation types and phases as people say them. */
import { waitSentence } from "../../../src/domain/queue-wait.ts";
import type { Operation } from "../api/types.ts";

const words: Readonly<Record<Operation["type"], string>> = {
  "deployment.create": "Deploy",
  "deployment.update": "Update",
  "deployment.start": "Start",
  "deployment.stop": "Stop",
  "deployment.restart": "Restart",
  "deployment.scale": "Scale",
  "deployment.rotate_credentials": "Rotate password",
  "deployment.destroy": "Destroy",
  "deployment.abandon": "Abandon",
  "deployment.plan": "Plan",
  "deployment.reconcile": "Reconcile",
  "dag.sync": "DAG sync",
  "access.sync": "Access sync",
  "stack.pulumi": "pulumi",
};

/** `Deploy` for `deployment.create`. */
export const operationWords = (type: string): string => (words as Record<string, string>)[type] ?? type;

export const operationTypeNames = Object.keys(words) as Operation["type"][];

export const isOver = ({ status }: Pick<Operation, "status">): boolean => status !== "queued" && status !== "running";

/** What it does now; of queued work, what it waits for and where it stands. */
export const nowWords = ({ waits_for: reason, queue_position: position, progress }: Operation): string =>
  reason === null ? progress.message : waitSentence(reason, position);
