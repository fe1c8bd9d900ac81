/** Handlers of the operation routes. */
import { requestCancel } from "../../automation/operations/cancel.ts";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import { isTerminal } from "../../domain/operation.ts";
import { timestampOrNull } from "../../domain/timestamps.ts";
import { organizationOf } from "../caller.ts";
import * as contracts from "../contracts/operations.ts";
import type { ServerDeps } from "../deps.ts";
import { eventStream } from "../event-stream.ts";
import { parseFollow, sendActivity } from "../services/activity.ts";
import { sendEvents } from "../services/operation-stream.ts";
import { listOperations, readEvents, readOperation, waitForChange } from "../services/operations.ts";
import { answerOnce, audit } from "../transact.ts";
import { eventView, operationView, withQueuePlaces } from "../views/operation-view.ts";
import { newApi, POLL_SECONDS, requesterOf } from "./api.ts";

export const operationRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.listOperations, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const query = c.req.valid("query");
      const page = await listOperations(deps, organizationId, query);
      return c.json({ data: page }, 200);
    })

    .openapi(contracts.getOperation, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const { wait = "0s" } = c.req.valid("query");
      let row = await readOperation(deps, organizationId, c.req.valid("param").operation_id);
      const waitMilliseconds = Number.parseInt(wait, 10) * 1000;
      if (waitMilliseconds > 0) row = await waitForChange(deps, row, { waitMilliseconds, signal: c.req.raw.signal });
      if (!isTerminal(row.status)) c.header("Retry-After", String(POLL_SECONDS));
      const [shown = operationView(row)] = await withQueuePlaces(deps.store, [operationView(row)]);
      return c.json({ data: shown }, 200);
    })

    .openapi(contracts.cancelOperation, async (c) => {
      const requester = requesterOf(c);
      const operationId = parseId("operation", c.req.valid("param").operation_id);
      const body = await answerOnce(deps, c, requester.organizationId, async (db) => {
        const answer = operationId && (await requestCancel(db, operationId, requester.actor));
        if (!answer || answer.operation.organization_id !== requester.organizationId) {
          throw new OnveraError("OPERATION_NOT_FOUND");
        }
        await audit(db, c, {
          organizationId: requester.organizationId,
          action: "operation.cancel",
          targetType: "operation",
          targetId: answer.operation.id,
          change: { type: answer.operation.type, status: answer.operation.status },
        });
        const forced = timestampOrNull(answer.forced_stop_available_at);
        return { data: { ...operationView(answer.operation), forced_stop_available_at: forced } };
      });
      c.header("Location", body.data.links.self);
      c.header("Retry-After", String(POLL_SECONDS));
      return c.json(body, 202);
    })

    .openapi(contracts.streamActivity, (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const followed = parseFollow(c.req.valid("query").follow);
      return eventStream(deps, c, (stream) => sendActivity(deps, organizationId, followed, stream));
    })

    .openapi(contracts.listOperationEvents, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const operation = await readOperation(deps, organizationId, c.req.valid("param").operation_id);
      const { after, limit, stream } = c.req.valid("query");
      if (stream === "true" || /\btext\/event-stream\b/.test(c.req.header("accept") ?? "")) {
        const start = resumeAfter(c.req.header("last-event-id"), after);
        return eventStream(deps, c, (events) => sendEvents(deps, { operation, after: start }, events));
      }
      const rows = await readEvents(deps, operation, { after, limit });
      const last = rows.at(-1);
      const ended = isTerminal(operation.status) && (last === undefined || last.type === "end");
      return c.json({ data: { items: rows.map(eventView), next_after: last?.seq ?? after, ended } }, 200);
    });

function resumeAfter(lastEventId: string | undefined, after: number): number {
  const resumed = /^\d{1,15}$/.test(lastEventId ?? "") ? Number(lastEventId) : 0;
  return Math.max(resumed, after);
}
