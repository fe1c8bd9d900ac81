/** Reads deployments: one by id, or a page of them. */
import type { z } from "zod";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Scoped } from "../../store/database.ts";
import type { ServerDeps } from "../deps.ts";
import { totalOf } from "../list-totals.ts";
import { comesAfter, pageAnswer, pagingOf } from "../pages.ts";
import type { DeploymentListQuery } from "../schemas/deployments.ts";
import { transact } from "../transact.ts";
import { type DeploymentRow, deploymentQuery, findDeployment, openRow } from "./deployment-rows.ts";
import { findEnvironment } from "./environments.ts";

/** One deployment of an organization. @throws OnveraError DEPLOYMENT_NOT_FOUND, for a foreign one too (ON-08) */
export async function readDeployment(
  deps: Pick<ServerDeps, "store" | "dataKeys">,
  organizationId: string,
  id: string,
): Promise<DeploymentRow> {
  const deploymentId = parseId("deployment", id);
  const row =
    deploymentId &&
    (await transact(deps, organizationId, (db) => findDeployment(db, deps.dataKeys, organizationId, deploymentId)));
  if (!row) throw new OnveraError("DEPLOYMENT_NOT_FOUND");
  return row;
}

/** A page, newest first. Destroyed ones only where they are asked for (TN-4). */
export async function listDeployments(
  db: Scoped,
  dataKeys: DataKeys,
  organizationId: string,
  query: z.infer<typeof DeploymentListQuery>,
): Promise<{ rows: DeploymentRow[]; page: ReturnType<typeof pageAnswer>["pagination"] }> {
  const { status, app_type: appType, environment_id: environment, include } = query;
  const filters = { list: "deployments", status, appType, environment, include };
  const paging = pagingOf(query, filters);
  const environmentId = environment && (await findEnvironment(db, organizationId, environment)).id;
  const hideDestroyed = include !== "destroyed" && status !== "destroyed";

  let found = deploymentQuery(db, organizationId);
  let counted = db.selectFrom("deployments as d").where("d.organization_id", "=", organizationId).select("d.id");
  if (status) {
    found = found.where("d.status", "=", status);
    counted = counted.where("d.status", "=", status);
  }
  if (appType) {
    found = found.where("d.app_type", "=", appType);
    counted = counted.where("d.app_type", "=", appType);
  }
  if (environmentId) {
    found = found.where("d.environment_id", "=", environmentId);
    counted = counted.where("d.environment_id", "=", environmentId);
  }
  if (hideDestroyed) {
    found = found.where("d.destroyed_at", "is", null);
    counted = counted.where("d.destroyed_at", "is", null);
  }
  found = found.where(comesAfter(paging.after, "d.created_at", "d.id"));

  const rows = await found
    .orderBy("d.created_at", "desc")
    .orderBy("d.id", "desc")
    .limit(paging.limit + 1)
    .offset(paging.offset)
    .execute();
  const total = await totalOf(db, [organizationId, filters], counted);
  const { items, pagination } = pageAnswer(rows, { request: query, total, filters, view: (row) => row });
  return { rows: await Promise.all(items.map((row) => openRow(db, dataKeys, row))), page: pagination };
}
