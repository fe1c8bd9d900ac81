/** What may still be on a cluster that was given up: one entry for each deployment that was abandoned there. */
import type { z } from "zod";
import { timestamp } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import type { Cluster } from "../../store/tables/places.ts";
import { API_BASE } from "../openapi.ts";
import { comesAfter, pageAnswer, pagingOf, positionOf } from "../pages.ts";
import type { LeakListQuery } from "../schemas/clusters.ts";

/**
 * A page, newest first.
 * @param organizationId whose deployments; null is everybody's
 */
export async function listLeaks(
  db: Scoped,
  cluster: Cluster,
  organizationId: string | null,
  query: z.infer<typeof LeakListQuery>,
) {
  const filters = { list: "cluster_leaks", cluster: cluster.id, organizationId };
  const { limit, offset, after } = pagingOf(query, filters);
  const abandoned = db
    .selectFrom("destroy_receipts as r")
    .innerJoin("operations as o", "o.id", "r.operation_id")
    .innerJoin("deployments as d", "d.id", "r.deployment_id")
    .innerJoin("environments as e", "e.id", "d.environment_id")
    .where("o.type", "=", "deployment.abandon")
    .where("e.cluster_id", "=", cluster.id)
    .$if(organizationId !== null, (narrowed) => narrowed.where("d.organization_id", "=", organizationId ?? ""));
  const rows = await abandoned
    .select(["d.id", "d.name", "d.organization_id", "r.operation_id", "r.written_at", "r.items"])
    .select(positionOf("r.written_at"))
    .where(comesAfter(after, "r.written_at", "d.id"))
    .orderBy("r.written_at", "desc")
    .orderBy("d.id", "desc")
    .limit(limit + 1)
    .offset(offset)
    .execute();
  const { total } = await abandoned.select(({ fn }) => fn.countAll<number>().as("total")).executeTakeFirstOrThrow();
  return pageAnswer(rows, { request: query, total, filters, view: leakView });
}

function leakView(row: {
  id: string;
  name: string;
  organization_id: string;
  operation_id: string;
  written_at: Date;
  items: { urn: string; type: string; physical_id: string; detail: string }[];
}) {
  return {
    deployment_id: row.id,
    deployment_name: row.name,
    organization_id: row.organization_id,
    operation_id: row.operation_id,
    abandoned_at: timestamp(row.written_at),
    items: row.items.map(({ urn, type, physical_id, detail }) => ({ urn, type, physical_id, detail })),
    links: { receipt: `${API_BASE}/deployments/${row.id}/receipt` },
  };
}
