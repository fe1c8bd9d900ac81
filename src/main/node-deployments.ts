/** Whether anybody knows this node's addresses yet: ports are kept for deployments, and may move while there are none. */
import type { Installation } from "./installation.ts";

/** True when a deployment of this node is not destroyed yet. */
export async function hasDeployments({ store, settings }: Pick<Installation, "store" | "settings">): Promise<boolean> {
  const found = await store.asPlatform((db) =>
    db
      .selectFrom("deployments")
      .innerJoin("environments", "environments.id", "deployments.environment_id")
      .innerJoin("clusters", "clusters.id", "environments.cluster_id")
      .select("deployments.id")
      .where("clusters.node", "=", settings.nodeId)
      .where("deployments.destroyed_at", "is", null)
      .limit(1)
      .executeTakeFirst(),
  );
  return found !== undefined;
}
