/** One namespace as it is now, kept up to date by watches, for as long as somebody waits for something in it. */
import type { ClusterClient } from "./client.ts";
import type { ClusterFailure } from "./failure.ts";
import { followList, listAll } from "./follow-list.ts";
import type { ClusterEvent, ClusterObject, Deployment, Job, Pod, ReplicaSet } from "./objects.ts";
import { createPatience, type PatienceLimits } from "./patience.ts";

/** What a namespace holds at one moment. */
export interface NamespaceView {
  deployments: readonly Deployment[];
  replicaSets: readonly ReplicaSet[];
  pods: readonly Pod[];
  jobs: readonly Job[];
  events: readonly ClusterEvent[];
}

export interface WaitOptions {
  namespace: string;
  signal: AbortSignal;
  /** Told when the cluster begins to be away. */
  onTrouble?(failure: ClusterFailure): void;
  /** @default patienceSeconds */
  limits?: PatienceLimits | undefined;
}

const paths = {
  deployments: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
  replicaSets: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/replicasets`,
  pods: (namespace: string) => `/api/v1/namespaces/${namespace}/pods`,
  jobs: (namespace: string) => `/apis/batch/v1/namespaces/${namespace}/jobs`,
  events: (namespace: string) => `/api/v1/namespaces/${namespace}/events`,
} as const;
type Part = keyof typeof paths;
const parts = Object.keys(paths) as Part[];

/** Reads the namespace once; of one that is not there, nothing. @throws ClusterFailure at the first refusal */
export async function readNamespace(client: ClusterClient, namespace: string): Promise<NamespaceView> {
  const lists = parts.map(async (part) => {
    const { items } = await listAll(client, { what: part.toLowerCase(), path: paths[part](namespace) });
    return [part, items] as const;
  });
  return Object.fromEntries(await Promise.all(lists)) as unknown as NamespaceView;
}

/** Time itself decides, too: a verdict is asked for again although nothing changed. */
const TICK_MILLISECONDS = 1000;

/**
 * Watches the namespace until `decide` gives something; asked at each change, and each second.
 * @throws what `decide` throws; ClusterFailure when the cluster stays away for too long; the signal's reason
 */
export async function untilNamespace<T>(
  client: ClusterClient,
  { namespace, signal, onTrouble, limits }: WaitOptions,
  decide: (view: NamespaceView) => T | undefined,
): Promise<T> {
  signal.throwIfAborted();
  const over = new AbortController();
  const watching = AbortSignal.any([signal, over.signal]);
  const view = new Map<Part, readonly ClusterObject[]>();
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<T>((resolve, reject) => {
      const ask = () => {
        if (view.size < parts.length) return;
        try {
          const decided = decide(Object.fromEntries(view) as unknown as NamespaceView);
          if (decided !== undefined) resolve(decided);
        } catch (error) {
          reject(error);
        }
      };
      timer = setInterval(ask, TICK_MILLISECONDS);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      for (const part of parts) {
        followList<ClusterObject>(client, {
          what: part.toLowerCase(),
          path: paths[part](namespace),
          signal: watching,
          patience: createPatience(onTrouble, limits),
          onChange(items) {
            view.set(part, [...items.values()]);
            ask();
          },
        }).catch(reject);
      }
    });
  } finally {
    clearInterval(timer);
    over.abort();
  }
}
