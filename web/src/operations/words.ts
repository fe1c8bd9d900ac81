/** Operation types and phases as people say them. */
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
  "deployment.plan": "Plan",
  "dag.sync": "DAG sync",
  "stack.pulumi": "pulumi",
};

/** `Deploy` for `deployment.create`. */
export const operationWords = (type: string): string => (words as Record<string, string>)[type] ?? type;

export const operationTypeNames = Object.keys(words) as Operation["type"][];

export const isOver = ({ status }: Pick<Operation, "status">): boolean => status !== "queued" && status !== "running";
