/** What a deployment has that it should not, or should and has not: decided from what was recorded and what was seen. */
import type { Inventory, RecordedResource } from "../worker/target-driver.ts";

export interface Recorded {
  deploymentId: string;
  /** Digest of the spec's row as it is now. */
  inputDigest: string;
  /** As it was at the last success; null where nobody recorded it. */
  appliedInput: string | null;
  /** Recorded and not deleted. */
  resources: readonly Omit<RecordedResource, "urn">[];
}

/** One sentence for each difference; none when the engine would find nothing to do. */
export function differencesOf(recorded: Recorded, inventory: Inventory): string[] {
  const differences: string[] = [];
  if (recorded.appliedInput !== null && recorded.appliedInput !== recorded.inputDigest) {
    differences.push("Its specification is not the one that was applied");
  }
  for (const { type, physicalId } of recorded.resources) {
    if (inventory.holds(recorded.deploymentId, { type, physicalId }) === false) {
      differences.push(`${type} ${physicalId} is not there, or does not carry its mark`);
    }
  }
  return differences;
}
