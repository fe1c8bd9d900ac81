/** What code that is traced is given. Without an endpoint it is `noTracer`, which keeps nothing and costs nothing. */
import type { TraceContext } from "../domain/trace-context.ts";

export type SpanKind = "internal" | "server" | "producer" | "consumer";
export type Attributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
  context: TraceContext;
  /** Ends it, once. @param failed in words, where it did not succeed */
  end(facts?: { name?: string; attributes?: Attributes; failed?: string | undefined }): void;
}

export interface Tracer {
  /** Undefined where nothing is traced. */
  start(
    name: string,
    options: {
      parent: TraceContext | undefined;
      kind?: SpanKind;
      attributes?: Attributes;
      /** Milliseconds since 1970. @default now */
      startedAt?: number;
    },
  ): Span | undefined;
  /** Sends what is left. */
  close(): Promise<void>;
}

export const noTracer: Tracer = { start: () => undefined, close: async () => undefined };

/** Runs `work` as a span. @throws what it throws */
export async function traced<T>(
  tracer: Tracer,
  name: string,
  options: Parameters<Tracer["start"]>[1],
  work: (span: Span | undefined) => Promise<T>,
): Promise<T> {
  const span = tracer.start(name, options);
  try {
    const result = await work(span);
    span?.end();
    return result;
  } catch (error) {
    span?.end({ failed: error instanceof Error ? error.name : "failed" });
    throw error;
  }
}
