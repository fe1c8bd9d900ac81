/** Why an operation still waits in the queue, and how that is said. */

/** turn: a free worker; limit: its organization has as much under way as it may; operation: another one on the same
 * resource; retry: the pause before the next attempt; worker: no worker that is able to run it answers. */
export const waitReasons = ["turn", "limit", "operation", "retry", "worker"] as const;
export type WaitReason = (typeof waitReasons)[number];

/**
 * One sentence for people.
 * @param position 1 is next; null while it cannot be taken whoever's turn it is
 */
export function waitSentence(reason: WaitReason, position: number | null): string {
  const place = position === null ? "" : `: number ${position} in the queue`;
  switch (reason) {
    case "turn":
      return position === 1 ? "Next in the queue" : `Waiting for its turn${place}`;
    case "limit":
      return `Waiting until one of the organization's running operations ends${place}`;
    case "operation":
      return "Waiting for the operation that runs on the same deployment";
    case "retry":
      return "Waiting before the next attempt";
    case "worker":
      return `Waiting for a worker that can run it; none answers${place}`;
  }
}
