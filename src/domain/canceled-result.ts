/** What a canceled operation says of the resources, so that its reader knows what there is and what to do next (TN-11). */
import type { OperationType } from "./operation.ts";

/**
 * untouched: nothing was begun. kept: what was made until then stays. rolled_back: what ran before runs again.
 * unclear: going back failed too.
 */
export type CanceledResources = "untouched" | "kept" | "rolled_back" | "unclear";

export interface CanceledResult extends Record<string, unknown> {
  resources: CanceledResources;
  message: string;
  next_step: string;
}

/** @param count resources in the stack when it ended, where that is known */
export function canceledResult(
  { type, resourceId }: { type: OperationType; resourceId: string },
  resources: CanceledResources,
  count = 0,
): CanceledResult {
  const [message, nextStep] = sentences(type, resourceId, resources, count);
  return { resources, message, next_step: nextStep };
}

function sentences(type: OperationType, id: string, resources: CanceledResources, count: number): [string, string] {
  const destroy = `onvera destroy ${id}`;
  if (type === "deployment.destroy") {
    return resources === "untouched"
      ? ["Nothing was removed.", `It stays marked for destruction. Go on: ${destroy}`]
      : ["Access was closed; the data and everything else are still there.", `Go on: ${destroy}`];
  }
  if (type === "deployment.create") {
    return resources === "untouched"
      ? ["Nothing was made.", `Close the record: ${destroy}`]
      : [`What was made until then is kept: ${count} resources.`, `Remove it: ${destroy}`];
  }
  if (type === "access.sync") {
    return [
      "Whoever was brought up to date until then stays so.",
      `The rest follows with the next sync: onvera access sync ${id}`,
    ];
  }
  if (type === "deployment.plan") return ["A plan changes nothing.", "Nothing to do."];
  if (resources === "untouched") return ["Nothing was changed; what ran before runs on.", "Nothing to do."];
  if (resources === "rolled_back") return ["The change was taken back; what ran before runs again.", "Nothing to do."];
  if (resources === "kept") {
    return ["What the line did until then stays.", `See what is left to do: onvera pulumi ${id} preview`];
  }
  return [
    "The change could not be taken back whole.",
    `Repeat the change, or see what differs: onvera plan ${id}. Destroying it works in any case: ${destroy}`,
  ];
}
