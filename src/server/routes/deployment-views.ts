/** Handlers of what can be seen of a deployment. */
import { listStateVersions } from "../../automation/recovery/state-versions.ts";
import { ADMIN_USER } from "../../domain/app-catalog.ts";
import { OnveraError } from "../../domain/errors.ts";
import { timestamp } from "../../domain/timestamps.ts";
import { organizationOf } from "../caller.ts";
import * as contracts from "../contracts/deployment-views.ts";
import type { ServerDeps } from "../deps.ts";
import { eventStream } from "../event-stream.ts";
import { pageAnswer } from "../pages.ts";
import type { LogLineView } from "../schemas/runtime.ts";
import { readDeployment } from "../services/deployment-list.ts";
import { readReceipt, readResources } from "../services/deployment-record.ts";
import { runtimeTarget } from "../services/deployment-rows.ts";
import { metricsHistory, spanOf } from "../services/metrics-history.ts";
import { listOperations, listResourceEvents } from "../services/operations.ts";
import { audit, transact } from "../transact.ts";
import { urlOf } from "../views/deployment-view.ts";
import { logFile, logFileTypes } from "../views/log-file.ts";
import { eventView } from "../views/operation-view.ts";
import { receiptView } from "../views/receipt-view.ts";
import { resourceTree } from "../views/resource-tree.ts";
import { newApi } from "./api.ts";
import { textFile } from "./text-file.ts";

export const deploymentViewRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.getLogs, async (c) => {
      const row = await readDeployment(deps, organizationOf(c.get("caller")), c.req.valid("param").deployment_id);
      const { process, tail, after, follow, since, until, ...plain } = c.req.valid("query");
      const target = runtimeTarget(row);
      const request = {
        process,
        tail,
        filter: { ...plain, since: millisecondsOf(since), until: millisecondsOf(until) },
      };
      if (follow === "true") {
        return eventStream(deps, c, async ({ send, signal }) => {
          const since = resumeLog(c.req.header("last-event-id"), process) ?? after;
          const lines = deps.runtime.logs(target, { ...request, after: since, follow: true, signal });
          for await (const line of lines) {
            if (signal.aborted) return;
            await send({ id: `${line.process}:${line.seq}`, event: "log", data: line });
          }
        });
      }
      const items: LogLineView[] = [];
      const lines = deps.runtime.logs(target, { ...request, after, follow: false, signal: c.req.raw.signal });
      for await (const line of lines) items.push(line);
      return c.json({ data: { items } }, 200);
    })

    .openapi(contracts.downloadLogs, async (c) => {
      const row = await readDeployment(deps, organizationOf(c.get("caller")), c.req.valid("param").deployment_id);
      const { process, since, until, format, ...plain } = c.req.valid("query");
      const lines = deps.runtime.logs(runtimeTarget(row), {
        process,
        tail: "all",
        follow: false,
        filter: { ...plain, since: millisecondsOf(since), until: millisecondsOf(until) },
        signal: c.req.raw.signal,
      });
      return textFile(deps, c, {
        name: `${row.host_label}.${format === "text" ? "log" : format}`,
        contentType: logFileTypes[format],
        pieces: logFile(lines, format),
      });
    })

    .openapi(contracts.getHealth, async (c) => {
      const row = await readDeployment(deps, organizationOf(c.get("caller")), c.req.valid("param").deployment_id);
      return c.json({ data: await deps.runtime.health(runtimeTarget(row)) }, 200);
    })

    .openapi(contracts.getMetrics, async (c) => {
      const row = await readDeployment(deps, organizationOf(c.get("caller")), c.req.valid("param").deployment_id);
      return c.json({ data: await deps.runtime.metrics(runtimeTarget(row)) }, 200);
    })

    .openapi(contracts.getMetricsHistory, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await readDeployment(deps, organizationId, c.req.valid("param").deployment_id);
      const span = spanOf(c.req.valid("query"), deps.now());
      return c.json({ data: await transact(deps, organizationId, (db) => metricsHistory(db, row.id, span)) }, 200);
    })

    .openapi(contracts.getResources, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await readDeployment(deps, organizationId, c.req.valid("param").deployment_id);
      const withDeleted = c.req.valid("query").include === "deleted";
      const resources = await transact(deps, organizationId, (db) => readResources(db, row.id, { withDeleted }));
      return c.json({ data: { items: resourceTree(resources) } }, 200);
    })

    .openapi(contracts.listStateVersions, async (c) => {
      const row = await readDeployment(deps, organizationOf(c.get("caller")), c.req.valid("param").deployment_id);
      const versions = await listStateVersions(deps.store, row.id);
      const items = versions.map(({ writtenAt, ...version }) => ({ ...version, written_at: timestamp(writtenAt) }));
      return c.json({ data: { items } }, 200);
    })

    .openapi(contracts.getOutputs, async (c) => {
      const row = await readDeployment(deps, organizationOf(c.get("caller")), c.req.valid("param").deployment_id);
      return c.json({ data: row.outputs }, 200);
    })

    .openapi(contracts.listDeploymentEvents, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await readDeployment(deps, organizationId, c.req.valid("param").deployment_id);
      const query = c.req.valid("query");
      const { rows, total, filters } = await transact(deps, organizationId, (db) =>
        listResourceEvents(db, organizationId, row.id, query),
      );
      return c.json({ data: pageAnswer(rows, { request: query, total, filters, view: eventView }) }, 200);
    })

    .openapi(contracts.listDeploymentOperations, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await readDeployment(deps, organizationId, c.req.valid("param").deployment_id);
      const query = { ...c.req.valid("query"), resource_id: row.id };
      const page = await listOperations(deps, organizationId, query);
      return c.json({ data: page }, 200);
    })

    .openapi(contracts.getCredentials, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await readDeployment(deps, organizationId, c.req.valid("param").deployment_id);
      const password = await transact(deps, organizationId, async (db) => {
        const secret = { ownerId: row.id, organizationId, name: "admin_password" };
        const value = row.destroyed_at ? undefined : await deps.custody.read(db, secret);
        // Reading a secret is written down with its success, in one transaction.
        await audit(db, c, {
          organizationId,
          action: "deployment.credentials.read",
          targetType: "deployment",
          targetId: row.id,
          outcome: value === undefined ? "failed" : "done",
        });
        return value;
      });
      if (password === undefined) throw new OnveraError("CREDENTIALS_NOT_FOUND");
      const url = row.status === "ready" ? urlOf(row) : null;
      return c.json({ data: { username: ADMIN_USER, password, url } }, 200);
    })

    .openapi(contracts.getReceipt, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await readDeployment(deps, organizationId, c.req.valid("param").deployment_id);
      const receipt = await transact(deps, organizationId, (db) => readReceipt(db, row.id));
      if (!receipt) throw new OnveraError("RECEIPT_NOT_FOUND");
      return c.json({ data: receiptView(receipt, row.name) }, 200);
    });

/** Lines are numbered per process, so a stream resumes exactly only where one process was asked for. */
function resumeLog(lastEventId: string | undefined, process: string | undefined): number | undefined {
  const match = /^([a-z0-9-]+):(\d{1,16})$/.exec(lastEventId ?? "");
  return match && match[1] === process ? Number(match[2]) : undefined;
}

const millisecondsOf = (moment: string | undefined) => (moment === undefined ? undefined : Date.parse(moment));
