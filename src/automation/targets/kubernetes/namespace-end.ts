/** Waiting until a namespace is gone; one that stays is told with what holds it. */
import { failure } from "../../../domain/failures.ts";
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { followList } from "../../../kubernetes/follow-list.ts";
import type { Namespace } from "../../../kubernetes/objects.ts";
import { createPatience } from "../../../kubernetes/patience.ts";
import { StepFailure } from "../../worker/target-driver.ts";
import { type ClusterIo, sayTrouble, usualWaits } from "./waits.ts";

/** @throws StepFailure NAMESPACE_STUCK */
export async function untilNamespaceGone(
  client: ClusterClient,
  name: string,
  io: ClusterIo,
  limitSeconds: number = (io.waits ?? usualWaits).namespaceSeconds,
): Promise<void> {
  const over = new AbortController();
  const limit = AbortSignal.timeout(limitSeconds * 1000);
  let last: Namespace | undefined;
  await followList<Namespace>(client, {
    what: "namespaces",
    path: `/api/v1/namespaces?fieldSelector=metadata.name%3D${name}`,
    signal: AbortSignal.any([io.signal, over.signal, limit]),
    patience: createPatience(sayTrouble(io), io.waits?.patience),
    onChange(items) {
      last = [...items.values()][0];
      if (last === undefined) over.abort();
    },
  });
  if (over.signal.aborted) return;
  io.signal.throwIfAborted();
  throw new StepFailure(failure("NAMESPACE_STUCK", stuckMessage(name, last)));
}

/** What the cluster says of a namespace that does not go. */
export function stuckMessage(name: string, namespace: Namespace | undefined): string {
  const held = namespace?.status?.conditions?.filter(({ status }) => status === "True") ?? [];
  const words = held.map(({ message }) => message).filter((message) => message !== undefined);
  const finalizers = [...(namespace?.metadata.finalizers ?? [])];
  const holders = finalizers.length === 0 ? "" : ` Finalizers of its own: ${finalizers.join(", ")}.`;
  const why = words.length === 0 ? " The cluster does not say why." : ` The cluster says: ${words.join("; ")}.`;
  return `The namespace ${name} stays ${namespace?.status?.phase ?? "there"}.${why}${holders}`;
}
