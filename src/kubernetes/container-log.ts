/** A container's log, read from where its reader has come to. */
import { createInterface } from "node:readline";
import type { ClusterClient } from "./client.ts";
import { ClusterFailure } from "./failure.ts";
import { type ContainerLine, readLogLine, sinceTimeOf } from "./log-line.ts";
import { type ContainerName, logPath } from "./pod-logs.ts";

/** How far one pod's log was read; moved on with each line. */
export interface LogCursor {
  seq: number;
}

export interface ContainerLogOptions {
  cursor: LogCursor;
  /** Goes on until the container ends or the signal aborts. */
  follow?: boolean;
  /** Only so many of the last lines. */
  tail?: number | undefined;
  signal: AbortSignal;
}

/**
 * Lines after the cursor, in order. None where the cluster has none: the container has not begun, or the pod is gone.
 * @throws ClusterFailure
 */
export async function* containerLines(
  client: Pick<ClusterClient, "stream">,
  name: ContainerName,
  { cursor, follow = false, tail, signal }: ContainerLogOptions,
): AsyncGenerator<ContainerLine> {
  const path = logPath(name, {
    timestamps: "true",
    ...(follow ? { follow: "true" } : {}),
    ...(cursor.seq > 0 ? { sinceTime: sinceTimeOf(cursor.seq) } : {}),
    ...(tail === undefined ? {} : { tailLines: String(tail) }),
  });
  const answer = await client.stream("read a log", { path, signal, mayBeQuiet: follow }).catch(unlessNothing);
  if (answer === undefined) return;
  try {
    for await (const raw of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
      const line = readLogLine(raw);
      if (line === undefined || line.seq <= cursor.seq) continue;
      cursor.seq = line.seq;
      yield line;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw new ClusterFailure("unreachable", "The connection to the cluster was cut while a log was read.", {
      cause: error,
    });
  } finally {
    answer.destroy();
  }
}

function unlessNothing(error: unknown): undefined {
  if (error instanceof ClusterFailure && (error.reason === "not-found" || error.status === 400)) return undefined;
  throw error;
}
