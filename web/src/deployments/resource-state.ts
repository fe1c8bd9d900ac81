/** How a resource of a stack is right now, as the records of the operation under way tell it. Pure. */
import type { OperationEvent, StackResource } from "../api/types.ts";
import { stepsOf } from "../operations/steps.ts";

export interface ResourceState {
  words: string;
  kind: "standing" | "changing" | "failed" | "gone";
}

const doing: Readonly<Record<string, string>> = {
  create: "being created",
  update: "being updated",
  delete: "being deleted",
  replace: "being replaced",
  read: "being looked up",
};

/**
 * Gives the state of each resource.
 * @param events the records of the operation under way; none where nothing goes on
 * @returns asked with a resource
 */
export function resourceStates(events: readonly OperationEvent[]): (resource: StackResource) => ResourceState {
  const steps = new Map(stepsOf(events).map((step) => [step.urn, step]));
  return ({ urn, deleted_at: deletedAt }) => {
    const step = steps.get(urn);
    if (step?.state === "failed") return { kind: "failed", words: `${step.action} failed` };
    if (deletedAt !== null) return { kind: "gone", words: "deleted" };
    if (step === undefined || step.state === "done" || step.action === "same") {
      return { kind: "standing", words: "in place" };
    }
    return { kind: "changing", words: doing[step.action] ?? step.action };
  };
}
