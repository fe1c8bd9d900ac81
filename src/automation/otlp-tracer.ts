/** Sends spans to an OpenTelemetry collector, as OTLP over HTTP in JSON (docs/adr/0007-traces.md). */
import { childOf } from "../domain/trace-context.ts";
import type { Attributes, Span, SpanKind, Tracer } from "./tracing.ts";

export interface OtlpOptions {
  /** Without `/v1/traces`. */
  endpoint: string;
  headers?: Readonly<Record<string, string>>;
  /** `onvera-server`, `onvera-worker`. */
  service: string;
  version: string;
  log: { warn(fields: Record<string, unknown>, message: string): void };
}

interface Finished {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: ReturnType<typeof pairs>;
  status: { code: number; message?: string };
}

const kinds: Readonly<Record<SpanKind, number>> = { internal: 1, server: 2, producer: 4, consumer: 5 };
const [OK, ERROR] = [1, 2];
const SEND_MILLISECONDS = 2000;
const TIMEOUT_MILLISECONDS = 5000;
const BATCH = 200;
/** Spans that wait for a collector that is away; the newest beyond it are lost. */
const MOST_WAITING = 5000;
/** A collector that is away is told of once in so long. */
const COMPLAIN_MILLISECONDS = 60_000;

/** Starts collecting spans and sending them every two seconds. */
export function createOtlpTracer({ endpoint, headers = {}, service, version, log }: OtlpOptions): Tracer {
  const address = `${endpoint.replace(/\/+$/, "")}/v1/traces`;
  let waiting: Finished[] = [];
  let sending: Promise<void> | undefined;
  let complainedAt = Number.NEGATIVE_INFINITY;

  const post = async (spans: Finished[]) => {
    const resource = { attributes: pairs({ "service.name": service, "service.version": version }) };
    const body = { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "onvera", version }, spans }] }] };
    const answer = await fetch(address, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
    });
    await answer.arrayBuffer();
    // What the collector refuses it will refuse again; what it has no room for comes again.
    if (answer.status === 429 || answer.status >= 500) throw new Error(`it answered ${answer.status}`);
  };
  const sendAll = async () => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, BATCH);
      try {
        await post(batch);
      } catch (error) {
        if (performance.now() - complainedAt > COMPLAIN_MILLISECONDS) {
          complainedAt = performance.now();
          log.warn({ error: String(error), waiting: waiting.length }, "The trace collector takes nothing");
        }
        return;
      }
      waiting = waiting.slice(batch.length);
    }
  };
  const send = () => {
    sending ??= sendAll().finally(() => {
      sending = undefined;
    });
    return sending;
  };
  const timer = setInterval(send, SEND_MILLISECONDS);
  timer.unref();

  return {
    start(name, { parent, kind = "internal", attributes = {}, startedAt = Date.now() }): Span {
      const context = childOf(parent);
      let isOver = false;
      return {
        context,
        end({ name: known = name, attributes: more = {}, failed } = {}) {
          if (isOver || waiting.length >= MOST_WAITING) return;
          isOver = true;
          waiting.push({
            ...context,
            ...(parent && { parentSpanId: parent.spanId }),
            name: known,
            kind: kinds[kind],
            startTimeUnixNano: nanoseconds(startedAt),
            endTimeUnixNano: nanoseconds(Math.max(startedAt, Date.now())),
            attributes: pairs({ ...attributes, ...more }),
            status: failed === undefined ? { code: OK } : { code: ERROR, message: failed },
          });
        },
      };
    },
    async close() {
      clearInterval(timer);
      await sending;
      await send();
    },
  };
}

const nanoseconds = (milliseconds: number): string => `${Math.round(milliseconds)}000000`;

const pairs = (attributes: Attributes) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value:
      typeof value === "string"
        ? { stringValue: value }
        : typeof value === "boolean"
          ? { boolValue: value }
          : Number.isInteger(value)
            ? { intValue: String(value) }
            : { doubleValue: value },
  }));
