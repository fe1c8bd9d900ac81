/** What pods have written so far, those among them whose containers have been started again. */
import type { ClusterClient } from "./client.ts";
import { containerLines, type LogCursor } from "./container-log.ts";
import type { ContainerLine } from "./log-line.ts";
import type { Pod } from "./objects.ts";
import type { ContainerName } from "./pod-logs.ts";
import type { ReplicaPod } from "./replicas.ts";

export interface ProcessLine extends ContainerLine {
  process: string;
  replica: number;
}

export interface PastOptions {
  namespace: string;
  pods: readonly ReplicaPod[];
  /** The place in the pod's log to begin after; moved on. */
  cursorOf(pod: Pod): LogCursor;
  /** Only so many of the last lines of each container. */
  tail?: number | undefined;
  signal: AbortSignal;
}

/** Lines of all of them by time. @throws ClusterFailure */
export async function* pastLines(client: Pick<ClusterClient, "stream">, options: PastOptions) {
  yield* mergeByNumber(options.pods.map((one) => podLines(client, one, options)));
}

/** The container whose log is the process's: platform's pods have one. */
export function containerOf(namespace: string, { metadata, spec }: Pod): Omit<ContainerName, "previous"> {
  const container = spec?.containers?.[0]?.name ?? metadata.name;
  return { namespace, pod: metadata.name, container };
}

/** How often the pod's container was started again. */
export const restartsOf = ({ status }: Pod): number => status?.containerStatuses?.[0]?.restartCount ?? 0;

async function* podLines(
  client: Pick<ClusterClient, "stream">,
  { process, replica, pod }: ReplicaPod,
  { namespace, cursorOf, tail, signal }: PastOptions,
): AsyncGenerator<ProcessLine> {
  const name = containerOf(namespace, pod);
  const cursor = cursorOf(pod);
  for (const previous of restartsOf(pod) > 0 ? [true, false] : [false]) {
    const lines = containerLines(client, { ...name, previous }, { cursor, tail, signal });
    for await (const line of lines) yield { ...line, process, replica };
  }
}

/** One line of each is held at a time, however long they are. */
export async function* mergeByNumber<Line extends { seq: number }>(
  sources: readonly AsyncGenerator<Line>[],
): AsyncGenerator<Line> {
  const heads = new Map<AsyncGenerator<Line>, Line>();
  const advance = async (source: AsyncGenerator<Line>) => {
    const next = await source.next();
    if (next.done === true) heads.delete(source);
    else heads.set(source, next.value);
  };
  try {
    await Promise.all(sources.map(advance));
    while (heads.size > 0) {
      const [source, line] = [...heads].reduce((first, other) => (other[1].seq < first[1].seq ? other : first));
      yield line;
      await advance(source);
    }
  } finally {
    await Promise.all(sources.map((source) => source.return(undefined)));
  }
}
