/** A client that goes on when its cluster was given other credentials while somebody waits for it. */
import type { ClusterClient } from "./client.ts";
import { type ClusterCause, ClusterFailure } from "./failure.ts";

/** What other credentials, or another address, may mend. */
const mendable: readonly ClusterCause[] = ["unauthorized", "forbidden", "unreachable"];

/**
 * Wraps a client: what the cluster refuses is asked once more where there are other credentials by then.
 * @param current the client of the credentials known now
 * @param again the client of the credentials that hold then: the same object while they are the same
 */
export function renewedClient(current: ClusterClient, again: () => Promise<ClusterClient>): ClusterClient {
  let client = current;
  const renewing = async <T>(work: (client: ClusterClient) => Promise<T>): Promise<T> => {
    try {
      return await work(client);
    } catch (error) {
      if (!(error instanceof ClusterFailure) || !mendable.includes(error.reason)) throw error;
      const fresh = await again();
      if (fresh === client) throw error;
      client = fresh;
      return work(client);
    }
  };
  return {
    ask: (doing, work) => renewing((one) => one.ask(doing, work)),
    raw: (doing, call) => renewing((one) => one.raw(doing, call)),
    stream: (doing, call) => renewing((one) => one.stream(doing, call)),
    close: () => client.close(),
  };
}
