/** Handlers of giving up what is on a cluster that is gone. */
import type { Context } from "hono";
import { removeStackState } from "../../automation/recovery/state-rows.ts";
import { OnveraError } from "../../domain/errors.ts";
import { judge } from "../../domain/permissions.ts";
import type { Scoped } from "../../store/database.ts";
import { organizationOf, requirePermission, type ServerEnv } from "../caller.ts";
import * as contracts from "../contracts/abandon.ts";
import type { ServerDeps } from "../deps.ts";
import { type AbandonedDeployment, abandonCluster, abandonDeployments, requireTyped } from "../services/abandon.ts";
import { requireGone } from "../services/cluster-gone.ts";
import { listLeaks } from "../services/cluster-leaks.ts";
import { clusterOfEnvironment, findCluster } from "../services/clusters.ts";
import { readDeployment } from "../services/deployment-list.ts";
import { readReceipt } from "../services/deployment-record.ts";
import { openDeployment } from "../services/deployments.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { clusterView } from "../views/cluster-view.ts";
import { receiptView } from "../views/receipt-view.ts";
import { newApi, requesterOf } from "./api.ts";

export const abandonRoutes = (deps: ServerDeps) => {
  const noteEach = async (db: Scoped, c: Context<ServerEnv>, deployments: readonly AbandonedDeployment[]) => {
    for (const { id, organizationId, name, operation, items } of deployments) {
      await audit(db, c, {
        organizationId,
        action: "deployment.abandon",
        targetType: "deployment",
        targetId: id,
        change: { name, operation_id: operation.id, left: items.length },
      });
    }
  };
  /** After the commit: the state is another session's to remove, and nothing reads it any more. */
  const forgetStates = async (deployments: readonly AbandonedDeployment[]) => {
    for (const { id, generation } of deployments) await removeStackState(deps.store, id, generation);
  };

  return newApi()
    .openapi(contracts.abandonDeployment, async (c) => {
      const requester = requesterOf(c);
      const { organizationId } = requester;
      const id = c.req.valid("param").deployment_id;
      const seen = await readDeployment(deps, organizationId, id);
      requireTyped(seen.name, c.req.valid("json").confirm_name);
      const cluster = await transact(deps, null, (db) => clusterOfEnvironment(db, seen.environment_id));
      const gone = await settled(requireGone(deps, cluster));
      const abandoned: AbandonedDeployment[] = [];
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const row = await openDeployment(db, deps.dataKeys, requester, { id, ifMatch: undefined });
        if (row.status === "destroyed") {
          throw new OnveraError("RESOURCE_CONFLICT", { message: "Deployment has been destroyed" });
        }
        abandoned.splice(0, 1, ...(await abandonDeployments(db, [row], { requester, reason: gone() })));
        await noteEach(db, c, abandoned);
        const receipt = await readReceipt(db, row.id);
        if (!receipt) throw new OnveraError("RECEIPT_NOT_FOUND");
        return { data: receiptView(receipt, row.name) };
      });
      await forgetStates(abandoned);
      return c.json(body, 200);
    })

    .openapi(contracts.abandonCluster, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const id = c.req.valid("param").cluster_id;
      const cluster = await transact(deps, organizationId, (db) => findCluster(db, organizationId, id));
      if (cluster.organization_id === null) requirePermission(caller, "clusters.manage");
      requireTyped(cluster.name, c.req.valid("json").confirm_name);
      const gone = await settled(requireGone(deps, cluster));
      let abandoned: AbandonedDeployment[] = [];
      const body = await answerOnce(deps, c, null, async (db) => {
        const reason = gone();
        const { row, deployments } = await abandonCluster(db, cluster, { requester: requesterOf(c), reason });
        abandoned = deployments;
        await noteEach(db, c, deployments);
        await audit(db, c, {
          organizationId: cluster.organization_id,
          action: "cluster.abandon",
          targetType: "cluster",
          targetId: cluster.id,
          change: { name: cluster.name, deployments: deployments.map((one) => one.id), reason },
        });
        return { data: clusterView(row) };
      });
      await forgetStates(abandoned);
      return c.json(body, 200);
    })

    .openapi(contracts.listClusterLeaks, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const cluster = await transact(deps, organizationId, (db) =>
        findCluster(db, organizationId, c.req.valid("param").cluster_id),
      );
      const sight = judge("clusters.manage", caller) === "allowed" ? null : organizationId;
      const page = await transact(deps, sight, (db) => listLeaks(db, cluster, sight, c.req.valid("query")));
      return c.json({ data: page }, 200);
    });
};

/** What was found out beforehand, told where it is needed: a repeated request gets its first answer whatever holds now. */
async function settled<T>(work: Promise<T>): Promise<() => T> {
  try {
    const value = await work;
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
