/** What was recorded of a deployment's stack: its resources and the receipt of its destroy. */
import type { Scoped } from "../../store/database.ts";

/** The resources of a stack, in the order they were first seen. */
export function readResources(db: Scoped, deploymentId: string, { withDeleted }: { withDeleted: boolean }) {
  return db
    .selectFrom("deployment_resources")
    .selectAll()
    .where("deployment_id", "=", deploymentId)
    .$if(!withDeleted, (query) => query.where("deleted_at", "is", null))
    .orderBy("first_seen_at")
    .orderBy("urn")
    .execute();
}

/** The destroy receipt; undefined before the destroy has ended. */
export function readReceipt(db: Scoped, deploymentId: string) {
  return db.selectFrom("destroy_receipts").selectAll().where("deployment_id", "=", deploymentId).executeTakeFirst();
}
