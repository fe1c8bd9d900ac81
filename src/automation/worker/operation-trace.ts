/** One attempt at an operation as a part of the trace of the request that asked for it. */
import { parseTraceparent, type TraceContext } from "../../domain/trace-context.ts";
import type { Operation } from "../../store/tables/operations.ts";
import { type Attributes, noTracer, type Span, type Tracer, traced } from "../tracing.ts";

export interface OperationTrace {
  tracer: Tracer;
  /** Runs a step as a span; what is begun meanwhile is a part of it. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Begins something within the step under way. */
  start(name: string, attributes?: Attributes): Span | undefined;
  /** Ends the attempt; only the first call counts. @param failed in words, where it did not succeed */
  end(failed?: string): void;
}

/** Begins it: with the time in the queue as its first part. */
export function traceOperation(tracer: Tracer | undefined, operation: Operation): OperationTrace {
  const own = tracer ?? noTracer;
  const { id, type, attempt, organization_id: organizationId, resource_id: resourceId } = operation;
  const parent = parseTraceparent(operation.traceparent);
  const attributes = {
    ...{ "onvera.operation_id": id, "onvera.operation_type": type, "onvera.attempt": attempt },
    ...{ "onvera.organization_id": organizationId, "onvera.resource_id": resourceId },
  };
  const root = own.start(`operation ${type}`, { parent, kind: "consumer", attributes });
  let current: TraceContext | undefined = root?.context;
  const waitedSince = Math.max(operation.requested_at.getTime(), operation.not_before.getTime());
  own.start("queue", { parent: current, startedAt: Math.min(waitedSince, Date.now()) })?.end();
  return {
    tracer: own,
    step: (name, work) =>
      traced(own, `step ${name}`, { parent: root?.context }, async (span) => {
        current = span?.context;
        try {
          return await work();
        } finally {
          current = root?.context;
        }
      }),
    start: (name, more = {}) =>
      root === undefined ? undefined : own.start(name, { parent: current, attributes: more }),
    end: (failed) => root?.end({ failed }),
  };
}
