/** Handlers of clusters. */
import type { Context } from "hono";
import { judge } from "../../domain/permissions.ts";
import { isFit } from "../../domain/preflight-report.ts";
import type { Scoped } from "../../store/database.ts";
import type { Cluster } from "../../store/tables/places.ts";
import { organizationOf, requirePermission, type ServerEnv } from "../caller.ts";
import * as contracts from "../contracts/clusters.ts";
import type { ServerDeps } from "../deps.ts";
import { checkRegistered, keepReport } from "../services/cluster-check.ts";
import { readCluster } from "../services/cluster-input.ts";
import { replaceCredentials, tryCredentials } from "../services/cluster-update.ts";
import { findCluster, insertCluster, removeCluster, usableClusters } from "../services/clusters.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { checkView, clusterView } from "../views/cluster-view.ts";
import { newApi } from "./api.ts";

export const clusterRoutes = (deps: ServerDeps) => {
  const note = (db: Scoped, c: Context<ServerEnv>, action: string, row: Cluster, change: Record<string, unknown>) =>
    audit(db, c, {
      organizationId: row.organization_id,
      action: `cluster.${action}`,
      targetType: "cluster",
      targetId: row.id,
      change: { name: row.name, ...change },
    });
  const isOperator = (c: Context<ServerEnv>) => judge("clusters.manage", c.get("caller")) === "allowed";
  /** A tenant's own rows are all that a tenant's request sees; the operator's may be shared ones. */
  const sightOf = (c: Context<ServerEnv>, organizationId: string) => (isOperator(c) ? null : organizationId);
  const trustOf = (c: Context<ServerEnv>) => ({
    isOperator: isOperator(c),
    privateHosts: deps.privateClusterHosts,
  });

  return newApi()
    .openapi(contracts.listClusters, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const rows = await transact(deps, organizationId, (db) => usableClusters(db, organizationId).execute());
      return c.json({ data: { items: rows.map(clusterView) } }, 200);
    })

    .openapi(contracts.getCluster, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const id = c.req.valid("param").cluster_id;
      const row = await transact(deps, organizationId, (db) => findCluster(db, organizationId, id));
      return c.json({ data: clusterView(row) }, 200);
    })

    .openapi(contracts.createCluster, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const wanted = c.req.valid("json");
      if (wanted.shared) requirePermission(c.get("caller"), "clusters.manage");
      const owner = wanted.shared ? null : organizationId;
      const read = await readCluster(wanted, trustOf(c));
      const body = await answerOnce(deps, c, owner, async (db) => {
        const row = await insertCluster(db, deps.dataKeys, owner, { ...read, ...wanted });
        await note(db, c, "register", row, { shared: wanted.shared, domain: row.domain, server: read.settings.server });
        return { data: clusterView(row) };
      });
      c.header("Location", body.data.links.self);
      return c.json(body, 201);
    })

    .openapi(contracts.updateCluster, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const id = c.req.valid("param").cluster_id;
      const wanted = c.req.valid("json");
      const cluster = await transact(deps, organizationId, (db) => findCluster(db, organizationId, id));
      if (cluster.organization_id === null) requirePermission(c.get("caller"), "clusters.manage");
      const tried = await tryCredentials(deps, cluster, wanted, trustOf(c).isOperator);
      const row = await transact(deps, null, async (db) => {
        const changed = await replaceCredentials(db, deps.dataKeys, cluster, tried);
        const { server, credentials } = tried.settings;
        await note(db, c, "update", cluster, { fields: Object.keys(wanted), server, credentials });
        return changed;
      });
      return c.json({ data: clusterView(row) }, 200);
    })

    .openapi(contracts.checkCluster, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const id = c.req.valid("param").cluster_id;
      const cluster = await transact(deps, organizationId, (db) => findCluster(db, organizationId, id));
      if (cluster.organization_id === null) requirePermission(c.get("caller"), "clusters.manage");
      const checked = await checkRegistered(deps, cluster);
      await transact(deps, null, async (db) => {
        await keepReport(db, cluster.id, checked);
        await note(db, c, "check", cluster, { fit: isFit(checked.report) });
      });
      return c.json({ data: checkView(checked.report) }, 200);
    })

    .openapi(contracts.deleteCluster, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const id = c.req.valid("param").cluster_id;
      const row = await transact(deps, sightOf(c, organizationId), async (db) => {
        const found = await findCluster(db, organizationId, id);
        if (found.organization_id === null) requirePermission(c.get("caller"), "clusters.manage");
        await removeCluster(db, found);
        await note(db, c, "remove", found, {});
        return found;
      });
      return c.json({ data: clusterView(row) }, 200);
    });
};
