/**
 * Follows a list: everything that is there, then each change as it comes. An API server that restarts, a connection that
 * breaks and a version that is too old (410) are the follower's own matter; nobody is asked twice for what did not change.
 */
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { ClusterClient } from "./client.ts";
import { ClusterFailure } from "./failure.ts";
import type { ClusterObject, ObjectList } from "./objects.ts";
import type { Patience } from "./patience.ts";

export interface FollowOptions<Item> {
  /** For people: `pods`. */
  what: string;
  /** Of the list, with its selector in the query where it has one. */
  path: string;
  signal: AbortSignal;
  patience: Patience;
  /** Called with all there is, after the first list and after each change. */
  onChange(items: ReadonlyMap<string, Item>): void;
}

interface WatchEvent {
  type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  object: ClusterObject & { code?: number; message?: string };
}

/** A watch that says nothing at all for longer is begun anew: its connection may be half open. */
const WATCH_SECONDS = 240;
const PAGE = 500;

/** Resolves when the signal aborts. @throws ClusterFailure when patience is at its end */
export async function followList<Item extends ClusterObject>(
  client: Pick<ClusterClient, "raw" | "stream">,
  options: FollowOptions<Item>,
): Promise<void> {
  const { what, signal, patience } = options;
  let items = new Map<string, Item>();
  let version: string | undefined;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        const listed = await listAll<Item>(client, options);
        items = new Map(listed.items.map((item) => [keyOf(item), item]));
        version = listed.version;
        patience.good();
        options.onChange(items);
      }
      const path = withQuery(options.path, {
        watch: "1",
        allowWatchBookmarks: "true",
        resourceVersion: version,
        timeoutSeconds: String(WATCH_SECONDS),
      });
      const answer = await client.stream(`watch ${what}`, { path, signal });
      patience.good();
      version = await readChanges(answer, { items, version, ...options });
    } catch (error) {
      if (signal.aborted) return;
      if (isTooOld(error)) version = undefined;
      else await patience.bad(asFailure(error, what), signal).catch(unlessAborted(signal));
    }
  }
}

/** A whole list, page by page. @param metadataOnly leaves everything else of the items where it is */
export async function listAll<Item extends ClusterObject>(
  client: Pick<ClusterClient, "raw">,
  { what, path, signal, metadataOnly }: { what: string; path: string; signal?: AbortSignal; metadataOnly?: boolean },
): Promise<{ items: Item[]; version: string }> {
  const items: Item[] = [];
  for (let next: string | undefined; ; ) {
    const query = { limit: String(PAGE), ...(next === undefined ? {} : { continue: next }) };
    const call = { path: withQuery(path, query), ...(signal && { signal }), ...(metadataOnly && { metadataOnly }) };
    const page = (await client.raw(`list ${what}`, call)) as ObjectList<Item>;
    items.push(...(page.items ?? []));
    next = page.metadata.continue;
    if (next === undefined || next === "") return { items, version: page.metadata.resourceVersion ?? "" };
  }
}

/** Reads until the stream ends. @returns the version to go on from, undefined to list again */
async function readChanges<Item extends ClusterObject>(
  answer: Readable,
  { items, version, onChange }: { items: Map<string, Item>; version: string } & FollowOptions<Item>,
): Promise<string | undefined> {
  let last: string = version;
  try {
    for await (const line of createInterface({ input: answer, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line === "") continue;
      const { type, object } = JSON.parse(line) as WatchEvent;
      if (type === "ERROR") {
        if (object.code === 410) return undefined;
        throw new ClusterFailure("failed", `The cluster ended the watch: ${object.message ?? "it gave no reason."}`);
      }
      last = object.metadata.resourceVersion ?? last;
      if (type === "BOOKMARK") continue;
      if (type === "DELETED") items.delete(keyOf(object));
      else items.set(keyOf(object), object as Item);
      onChange(items);
    }
    return last;
  } finally {
    answer.destroy();
  }
}

const keyOf = ({ metadata }: ClusterObject): string => metadata.uid ?? metadata.name;

const isTooOld = (error: unknown): boolean => error instanceof ClusterFailure && error.status === 410;

/** A stream that breaks off throws the network's own error, which has a code; what has none is a fault of ours. */
function asFailure(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof ClusterFailure || !("code" in error)) return error;
  const words = `The connection to the cluster was cut while it watched ${what}.`;
  return new ClusterFailure("unreachable", words, { cause: error });
}

const unlessAborted = (signal: AbortSignal) => (error: unknown) => {
  if (!signal.aborted) throw error;
};

function withQuery(path: string, more: Readonly<Record<string, string>>): string {
  return `${path}${path.includes("?") ? "&" : "?"}${new URLSearchParams(more)}`;
}
