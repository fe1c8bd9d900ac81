/** Live log lines of a deployment's app, kept to what a page can hold. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { useEffect, useState } from "react";
import { authorizedFetch } from "../api/client.ts";
import { ApiProblem, readProblem } from "../api/problem.ts";
import type { LogLine } from "../api/types.ts";

const KEPT_LINES = 5000;
const FIRST_LINES = 500;
const RECONNECT_MILLISECONDS = 2000;

export interface LogWish {
  /** All of them, merged by time, when left out. */
  process?: string | undefined;
  /** This level or a graver one. */
  level?: string | undefined;
  /** How far back, seconds. */
  since?: number | undefined;
}

export interface LogView {
  lines: readonly LogLine[];
  error: unknown;
}

const placeOf = ({ process, replica, seq }: LogLine) => `${process} ${replica} ${seq}`;

/**
 * Follows the log.
 * @param wanted which lines; a filter asks the server, so that it finds what is far back too
 */
export function useLog(deploymentId: string, { process, level, since }: LogWish): LogView {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const abort = new AbortController();
    const seen = new Set<string>();
    setLines([]);
    const add = (batch: LogLine[]) => {
      const fresh = batch.filter((line) => !seen.has(placeOf(line)));
      for (const line of fresh) seen.add(placeOf(line));
      if (fresh.length > 0) setLines((before) => [...before, ...fresh].slice(-KEPT_LINES));
    };
    const wanted = { process, level, since };
    void follow({ deploymentId, wanted, add, onError: setError, signal: abort.signal });
    return () => abort.abort();
  }, [deploymentId, process, level, since]);
  return { lines, error };
}

interface FollowOptions {
  deploymentId: string;
  wanted: LogWish;
  add(batch: LogLine[]): void;
  onError(error: unknown): void;
  signal: AbortSignal;
}

/** A moment so many seconds ago, as the API takes it. */
export const momentAgo = (seconds: number): string => new Date(Date.now() - seconds * 1000).toISOString();

/** After a break the last lines are read again; those already shown are recognised by their number. */
async function follow({ deploymentId, wanted, add, onError, signal }: FollowOptions): Promise<void> {
  const address = new URL(`/api/v1/deployments/${deploymentId}/logs`, location.origin);
  address.searchParams.set("follow", "true");
  address.searchParams.set("tail", String(FIRST_LINES));
  const { process, level, since } = wanted;
  const from = since === undefined ? undefined : momentAgo(since);
  for (const [name, value] of Object.entries({ process, level, since: from }))
    if (value !== undefined) address.searchParams.set(name, value);
  while (!signal.aborted) {
    try {
      const response = await authorizedFetch(new Request(address, { signal }));
      if (!response.ok || !response.body) {
        throw new ApiProblem(response.status, readProblem(await response.json().catch(() => undefined)));
      }
      onError(undefined);
      await readLines(response.body, add);
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
      if (error instanceof ApiProblem && error.status < 500) return;
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MILLISECONDS));
  }
}

/** Lines that come together are shown together: one drawing per frame, not one per line. */
async function readLines(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  add: (batch: LogLine[]) => void,
): Promise<void> {
  let waiting: LogLine[] = [];
  const flush = () => {
    const batch = waiting;
    waiting = [];
    add(batch);
  };
  const reader = body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()).getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (next.value.event !== "log") continue;
    if (waiting.length === 0) requestAnimationFrame(flush);
    waiting.push(JSON.parse(next.value.data) as LogLine);
  }
}
