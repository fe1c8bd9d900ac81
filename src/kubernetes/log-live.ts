/** What pods write from now on: containers that are started again and pods that are new are followed like the others. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClusterClient } from "./client.ts";
import { containerLines, type LogCursor } from "./container-log.ts";
import { followList } from "./follow-list.ts";
import { createHandover } from "./handover.ts";
import { containerOf, type ProcessLine, restartsOf } from "./log-past.ts";
import type { Pod } from "./objects.ts";
import { createPatience } from "./patience.ts";
import { hasEnded, numberPods, type ReplicaPod } from "./replicas.ts";

export interface LiveOptions {
  namespace: string;
  /** Path of the list of the pods that are wanted. */
  path: string;
  /** The place in the pod's log to begin after; moved on. */
  cursorOf(pod: Pod): LogCursor;
  /** Awaited before a pod's first line. */
  onPod(): Promise<void>;
  signal: AbortSignal;
}

const PAUSE_MILLISECONDS = 500;

/** Lines as they come, until the signal aborts. @throws ClusterFailure when the cluster stays away for too long */
export async function* liveLines(client: ClusterClient, options: LiveOptions): AsyncGenerator<ProcessLine> {
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const lines = createHandover<ProcessLine>(signal);
  let known: ReadonlyMap<string, Pod> = new Map();
  const begun = new Set<string>();
  const begin = (one: ReplicaPod) => {
    const uid = uidOf(one.pod);
    if (begun.has(uid)) return;
    begun.add(uid);
    const current = () => known.get(uid);
    followPod(client, one, { ...options, signal, current, give: lines.give }).catch(lines.fail);
  };
  followList<Pod>(client, {
    what: "pods",
    path: options.path,
    signal,
    patience: createPatience(),
    onChange(items) {
      known = items;
      for (const one of numberPods([...items.values()])) begin(one);
    },
  }).catch(lines.fail);
  try {
    yield* lines.taken();
  } finally {
    over.abort();
  }
}

interface PodOptions extends LiveOptions {
  /** The pod as it is now; undefined when it is gone. */
  current(): Pod | undefined;
  give(line: ProcessLine): Promise<void>;
}

/** Follows one container after the other, until the pod has ended or is gone. */
async function followPod(client: ClusterClient, { process, replica, pod }: ReplicaPod, options: PodOptions) {
  const { namespace, cursorOf, signal, current, give } = options;
  const name = containerOf(namespace, pod);
  const cursor = cursorOf(pod);
  const patience = createPatience();
  let restarts = 0;
  const bring = async (previous: boolean) => {
    const lines = containerLines(client, { ...name, previous }, { cursor, follow: !previous, signal });
    for await (const line of lines) await give({ ...line, process, replica });
  };
  while (!signal.aborted) {
    try {
      await options.onPod();
      const now = current();
      // The one before may have ended while nobody was listening.
      if (now !== undefined && restartsOf(now) > restarts) await bring(true);
      restarts = now === undefined ? restarts : restartsOf(now);
      await bring(false);
      patience.good();
      if (now === undefined || hasEnded(now)) return;
      await sleep(PAUSE_MILLISECONDS, undefined, { signal });
    } catch (error) {
      if (signal.aborted) return;
      await patience.bad(error, signal);
    }
  }
}

const uidOf = ({ metadata }: Pod): string => metadata.uid ?? metadata.name;
