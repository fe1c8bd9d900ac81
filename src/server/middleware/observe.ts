/** Counts every answered request, and writes a line about it with the ids that connect it to what it caused. */
import type { Context, MiddlewareHandler } from "hono";
import type { Tracer } from "../../automation/tracing.ts";
import { parseId } from "../../domain/ids.ts";
import { parseTraceparent, traceparentOf } from "../../domain/trace-context.ts";
import { withTraceparent } from "../../store/database.ts";
import type { ServerEnv } from "../caller.ts";
import type { ServerLog } from "../deps.ts";
import type { Metrics } from "../metrics/metrics.ts";

const READING = new Set(["GET", "HEAD", "OPTIONS"]);

export interface ObserverDeps {
  metrics: Metrics;
  log: ServerLog;
  tracer: Tracer;
}

/** Makes it; put it where the request's id is known and before anything answers. */
export function createObserver({ metrics, log, tracer }: ObserverDeps): MiddlewareHandler<ServerEnv> {
  return async (c, next) => {
    const startedAt = performance.now();
    const parent = parseTraceparent(c.req.header("traceparent"));
    const span = tracer.start(c.req.method, { parent, kind: "server" });
    await (span ? withTraceparent(traceparentOf(span.context), next) : next());
    const seconds = (performance.now() - startedAt) / 1000;
    const { method } = c.req;
    const { status } = c.res;
    const route = c.get("route")?.path;
    metrics.answered({ method, route, status, seconds });
    const caller = c.get("caller");
    const operationId = operationOf(c);
    const fields = {
      request_id: c.get("requestId"),
      method,
      route,
      status,
      milliseconds: Math.round(seconds * 1000),
      ...(caller && { actor_id: caller.actor.id, organization_id: caller.organizationId }),
      ...(operationId && { operation_id: operationId }),
    };
    span?.end({
      name: `${method} ${route ?? "other"}`,
      attributes: {
        ...{
          "http.request.method": method,
          "http.response.status_code": status,
          "onvera.request_id": c.get("requestId"),
        },
        ...(route && { "http.route": route }),
        ...(operationId && { "onvera.operation_id": operationId }),
      },
      failed: status >= 500 ? `status ${status}` : undefined,
    });
    // Pollers read every two seconds; what changes something is worth a line of the log that is kept.
    if (READING.has(method) && status < 500) log.debug(fields, "Answered");
    else log.info(fields, "Answered");
  };
}

/** The operation the request started, or was about. */
function operationOf(c: Context<ServerEnv>): string | undefined {
  const started = c.get("operationId");
  if (started !== undefined) return started;
  const named = /\/operations\/([^/]+)/.exec(c.req.path)?.[1];
  return named === undefined ? undefined : parseId("operation", named);
}
