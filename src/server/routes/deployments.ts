/** Handlers of the deployment routes. */
import type { Context } from "hono";
import { judge } from "../../domain/permissions.ts";
import { fitsEveryCluster } from "../../domain/spec-faults.ts";
import { holdsSealed } from "../../store/spec-seal.ts";
import type { Caller, ServerEnv } from "../caller.ts";
import { organizationOf } from "../caller.ts";
import * as contracts from "../contracts/deployments.ts";
import type { ServerDeps } from "../deps.ts";
import { createHealthReader } from "../services/deployment-health.ts";
import { insertDeployment, insertPlainDeployment, type NewRecord } from "../services/deployment-inserts.ts";
import { listDeployments, readDeployment } from "../services/deployment-list.ts";
import type { DeploymentRow } from "../services/deployment-rows.ts";
import { applyUpdate } from "../services/deployment-update.ts";
import { newRecord, openForAction, refuseUnfitPlace, submitDestroy } from "../services/deployments.ts";
import type { Requester } from "../services/requester.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { deploymentView, etagOf } from "../views/deployment-view.ts";
import { acceptedBody, markAccepted, newApi, requesterOf } from "./api.ts";

const WARNING =
  "Destroying is irreversible: user access is revoked, the database with all its data is removed, then the infrastructure. Nothing of it can be brought back.";

export const deploymentRoutes = (deps: ServerDeps) => {
  const healthOf = createHealthReader(deps);
  const viewFor = async (caller: Caller, row: DeploymentRow) =>
    deploymentView(row, { health: await healthOf(row), reveal: judge("deployments.update", caller) === "allowed" });

  /** In one message to the database where nothing else belongs to its transaction: no answer to keep, no key to hold, no cluster to look at. */
  const accept = async (c: Context<ServerEnv>, requester: Requester, wanted: NewRecord) => {
    const body = acceptedBody(wanted.operation.resourceId, wanted.operation.id);
    const isPlain = !holdsSealed(wanted.spec) && fitsEveryCluster(wanted.spec);
    if (c.req.header("idempotency-key") === undefined && isPlain) {
      await insertPlainDeployment(deps.store, requester, wanted);
      return body;
    }
    return answerOnce(deps, c, requester.organizationId, async (db) => {
      await refuseUnfitPlace(db, requester, wanted);
      await insertDeployment(db, deps.dataKeys, requester, wanted);
      return body;
    });
  };

  return newApi()
    .openapi(contracts.createDeployment, async (c) => {
      const requester = requesterOf(c);
      const wanted = newRecord(requester, c.req.valid("json"), deps);
      const body = await accept(c, requester, wanted);
      markAccepted(c, body.data.operation_id);
      return c.json(body, 202);
    })

    .openapi(contracts.listDeployments, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const query = c.req.valid("query");
      const { rows, page } = await transact(deps, organizationId, (db) =>
        listDeployments(db, deps.dataKeys, organizationId, query),
      );
      const items = await Promise.all(rows.map((row) => viewFor(caller, row)));
      return c.json({ data: { items, pagination: page } }, 200);
    })

    .openapi(contracts.getDeployment, async (c) => {
      const caller = c.get("caller");
      const { deployment_id: id } = c.req.valid("param");
      const row = await readDeployment(deps, organizationOf(caller), id);
      c.header("ETag", etagOf(row));
      return c.json({ data: await viewFor(caller, row) }, 200);
    })

    .openapi(contracts.updateDeployment, async (c) => {
      const requester = requesterOf(c);
      const { deployment_id: id } = c.req.valid("param");
      const wanted = c.req.valid("json");
      const ifMatch = c.req.valid("header")["if-match"];
      const { row, operation } = await transact(deps, requester.organizationId, async (db) => {
        const result = await applyUpdate(db, deps.dataKeys, requester, { id, ifMatch, wanted });
        await audit(db, c, {
          organizationId: requester.organizationId,
          action: "deployment.update",
          targetType: "deployment",
          targetId: result.row.id,
          change: { fields: Object.keys(wanted), operation_id: result.operation?.id ?? null },
          outcome: result.operation ? "accepted" : "done",
        });
        return result;
      });
      if (operation) {
        markAccepted(c, operation.id);
        return c.json(acceptedBody(row.id, operation.id), 202);
      }
      c.header("ETag", etagOf(row));
      return c.json({ data: await viewFor(c.get("caller"), row) }, 200);
    })

    .openapi(contracts.destroyDeployment, async (c) => {
      const requester = requesterOf(c);
      const { deployment_id: id } = c.req.valid("param");
      const ifMatch = c.req.valid("header")["if-match"];
      const body = await transact(deps, requester.organizationId, async (db) => {
        const row = await openForAction(db, deps.dataKeys, requester, { id, action: "destroy", ifMatch });
        const operation = await submitDestroy(db, requester, row);
        await audit(db, c, {
          organizationId: requester.organizationId,
          action: "deployment.destroy",
          targetType: "deployment",
          targetId: row.id,
          change: { name: row.name, operation_id: operation.id },
          outcome: "accepted",
        });
        return acceptedBody(row.id, operation.id, WARNING);
      });
      markAccepted(c, body.data.operation_id);
      return c.json(body, 202);
    });
};
