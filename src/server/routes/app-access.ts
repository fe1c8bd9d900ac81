/** Handlers of access to a deployment's app. */
import { requestSync } from "../../automation/access/due-syncs.ts";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import { organizationOf } from "../caller.ts";
import * as contracts from "../contracts/app-access.ts";
import type { ServerDeps } from "../deps.ts";
import { readAccess, refuseSync } from "../services/app-access.ts";
import { capabilityOf, findDeployment } from "../services/deployment-rows.ts";
import { openDeployment } from "../services/deployments.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { acceptedBody, markAccepted, newApi, requesterOf } from "./api.ts";

export const appAccessRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.getDeploymentAccess, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const id = parseId("deployment", c.req.valid("param").deployment_id) ?? "";
      const data = await transact(deps, organizationId, async (db) => {
        const row = await findDeployment(db, deps.dataKeys, organizationId, id);
        if (!row) throw new OnveraError("DEPLOYMENT_NOT_FOUND");
        return readAccess(db, row);
      });
      return c.json({ data }, 200);
    })

    .openapi(contracts.syncDeploymentAccess, async (c) => {
      const requester = requesterOf(c);
      const id = c.req.valid("param").deployment_id;
      const body = await answerOnce(deps, c, requester.organizationId, async (db) => {
        const row = await openDeployment(db, deps.dataKeys, requester, { id, ifMatch: undefined });
        refuseSync(row);
        const operation = await requestSync(db, {
          organizationId: requester.organizationId,
          deploymentId: row.id,
          capability: capabilityOf({ kind: row.cluster_kind, node: row.cluster_node }),
          requestedBy: requester.actor,
          origin: requester.origin,
          requestId: requester.requestId,
        });
        await audit(db, c, {
          organizationId: requester.organizationId,
          action: "access.sync",
          targetType: "deployment",
          targetId: row.id,
          change: { operation_id: operation.id },
          outcome: "accepted",
        });
        return acceptedBody(row.id, operation.id);
      });
      markAccepted(c, body.data.operation_id);
      return c.json(body, 202);
    });
