/** The tracer of a process: nothing, unless OTEL_EXPORTER_OTLP_ENDPOINT says where to send traces. */
import { noTracer, type Tracer } from "../automation/tracing.ts";
import type { Log } from "./log.ts";
import { version } from "./version.ts";

/** @param service what the process is called in traces */
export async function openTracer(service: string, log: Log): Promise<Tracer> {
  const endpoint = process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? "";
  if (endpoint === "") return noTracer;
  const { createOtlpTracer } = await import("../automation/otlp-tracer.ts");
  return createOtlpTracer({
    endpoint,
    headers: headersOf(process.env.OTEL_EXPORTER_OTLP_HEADERS),
    service,
    version,
    log,
  });
}

/** `name=value,name=value`, values percent-encoded, as OpenTelemetry defines it. */
function headersOf(text = ""): Record<string, string> {
  const pairs = text.split(",").flatMap((pair) => {
    const at = pair.indexOf("=");
    return at < 1 ? [] : [[pair.slice(0, at).trim().toLowerCase(), decodeURIComponent(pair.slice(at + 1).trim())]];
  });
  return Object.fromEntries(pairs);
}
