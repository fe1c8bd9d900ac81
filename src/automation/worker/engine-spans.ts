/** What Pulumi does to each resource, as spans below the engine's own. */
import type { EngineEvent } from "../events.ts";
import type { Span, Tracer } from "../tracing.ts";

export interface EngineSpans {
  see(event: EngineEvent): void;
  /** Ends what no event ended. */
  end(): void;
}

/** Follows the engine's events; without a span of the engine nothing is kept. */
export function createEngineSpans(tracer: Tracer, engine: Span | undefined): EngineSpans {
  const open = new Map<string, Span>();
  return {
    see(event) {
      if (engine === undefined || event.kind !== "resource" || event.planned) return;
      const { state, op, urn, type, name } = event;
      const key = `${op} ${urn}`;
      if (state === "started") {
        const attributes = { "pulumi.op": op, "pulumi.type": type, "pulumi.name": name };
        const span = tracer.start(`${op} ${type}`, { parent: engine.context, attributes });
        if (span) open.set(key, span);
        return;
      }
      open.get(key)?.end(state === "failed" ? { failed: "the provider refused" } : {});
      open.delete(key);
    },
    end() {
      for (const span of open.values()) span.end({ failed: "not ended" });
      open.clear();
    },
  };
}
