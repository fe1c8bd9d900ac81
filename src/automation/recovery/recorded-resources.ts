/** What the records name of a stack: what a receipt looks up again, and what may be left of a cluster that is gone. */
import type { Scoped } from "../../store/database.ts";
import { COMPONENT } from "../worker/journal.ts";

export interface RecordedResource {
  urn: string;
  type: string;
  physicalId: string;
  /** Whether the engine recorded its end. */
  deleted: boolean;
}

/** What was ever recorded, and what was begun and never got as far as being recorded. */
export async function recordedResources(db: Scoped, stackName: string): Promise<RecordedResource[]> {
  const seen = await db
    .selectFrom("deployment_resources")
    .select(["urn", "type", "physical_id as physicalId", "deleted_at"])
    .where("deployment_id", "=", stackName)
    .where("physical_id", "!=", COMPONENT)
    .orderBy("first_seen_at")
    .execute();
  const begun = await db
    .selectFrom("create_intents")
    .select(["urn", "type", "physical_name as physicalId"])
    .where("stack_name", "=", stackName)
    .execute();
  const known = new Set(seen.map(({ urn, physicalId }) => `${urn} ${physicalId}`));
  return [
    ...seen.map(({ deleted_at: at, ...resource }) => ({ ...resource, deleted: at !== null })),
    ...begun
      .filter(({ urn, physicalId }) => !known.has(`${urn} ${physicalId}`))
      .map((resource) => ({ ...resource, deleted: false })),
  ];
}
