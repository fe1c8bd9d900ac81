/** A deployment's log on a cluster: past lines by time, then those to come, without the deployment's secrets. */
import { createScrubber } from "../automation/scrub.ts";
import { kubernetesNames, namespaceName } from "../domain/kubernetes-names.ts";
import { createLogFilter, isFilter } from "../domain/log-filter.ts";
import { timestamp } from "../domain/timestamps.ts";
import type { ClusterClient } from "../kubernetes/client.ts";
import type { LogCursor } from "../kubernetes/container-log.ts";
import { listAll } from "../kubernetes/follow-list.ts";
import { liveLines } from "../kubernetes/log-live.ts";
import { type ProcessLine, pastLines } from "../kubernetes/log-past.ts";
import type { Pod } from "../kubernetes/objects.ts";
import { secretValues } from "../kubernetes/pod-logs.ts";
import { numberPods } from "../kubernetes/replicas.ts";
import { type LogRequest, RuntimeUnavailable } from "../server/runtime-reader.ts";
import type { LogLineView } from "../server/schemas/runtime.ts";

/**
 * Lines in order of time; ends by itself unless it follows.
 * @throws ClusterFailure
 * @throws RuntimeUnavailable when one stream of two is asked for: a cluster keeps both in one log
 */
export async function* kubernetesLogs(
  client: ClusterClient,
  deploymentId: string,
  { process, tail, after, follow, filter = {}, signal }: LogRequest,
): AsyncGenerator<LogLineView> {
  if (filter.stream !== undefined) {
    const words = "A Kubernetes cluster keeps standard output and standard error in one log. Ask without 'stream'.";
    throw new RuntimeUnavailable(words);
  }
  const namespace = namespaceName(deploymentId);
  const path = podsPath(namespace, process);
  const scrubber = createScrubber();
  const learn = async () => scrubber.learn(await secretValues(client, namespace, kubernetesNames.secrets));
  await learn();
  const cursors = new Map<string, LogCursor>();
  const cursorOf = ({ metadata: { uid = "", name } }: Pod): LogCursor => {
    const cursor = cursors.get(uid + name) ?? { seq: after ?? 0 };
    cursors.set(uid + name, cursor);
    return cursor;
  };
  const accepts = filtersByProcess(filter);
  const viewOf = (line: ProcessLine): LogLineView | undefined => {
    const text = scrubber.text(line.text);
    const { seq, replica, atMilliseconds } = line;
    if (!accepts(line.process, { atMilliseconds, replica, stream: null, text })) return undefined;
    return { seq, at: timestamp(new Date(atMilliseconds)), process: line.process, replica, stream: null, text };
  };

  const { items } = await listAll<Pod>(client, { what: "pods", path, signal });
  const past = pastLines(client, {
    namespace,
    pods: numberPods(items),
    cursorOf,
    // Of none the last one is read all the same: it says from where new ones count.
    tail: tail === "all" || after !== undefined || isFilter(filter) ? undefined : Math.max(tail, 1),
    signal,
  });
  if (tail === "all") {
    for await (const line of past) {
      const view = viewOf(line);
      if (view !== undefined) yield view;
    }
    return;
  }
  yield* await lastOf(past, viewOf, tail);
  if (!follow || signal.aborted) return;
  for await (const line of liveLines(client, { namespace, path, cursorOf, onPod: learn, signal })) {
    const view = viewOf(line);
    if (view !== undefined) yield view;
  }
}

/** The pods of a process or job, or of all of them. */
function podsPath(namespace: string, process: string | undefined): string {
  const query = process === undefined ? "" : `?labelSelector=app.kubernetes.io%2Fcomponent%3D${process}`;
  return `/api/v1/namespaces/${namespace}/pods${query}`;
}

/** A filter remembers the line before; each process has its own. */
function filtersByProcess(filter: NonNullable<LogRequest["filter"]>) {
  const filters = new Map<string, ReturnType<typeof createLogFilter>>();
  return (process: string, line: Parameters<ReturnType<typeof createLogFilter>>[0]): boolean => {
    const known = filters.get(process) ?? createLogFilter(filter);
    filters.set(process, known);
    return known(line);
  };
}

async function lastOf(
  lines: AsyncIterable<ProcessLine>,
  viewOf: (line: ProcessLine) => LogLineView | undefined,
  count: number,
): Promise<LogLineView[]> {
  const found: LogLineView[] = [];
  for await (const line of lines) {
    const view = viewOf(line);
    if (view === undefined) continue;
    found.push(view);
    // Cut now and then, not at each line.
    if (found.length > 2 * count + 100) found.splice(0, found.length - count);
  }
  return count === 0 ? [] : found.slice(-count);
}
