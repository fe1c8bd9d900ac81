/** Whether a cluster is gone: only then may what is on it be given up. */
import { setTimeout as sleep } from "node:timers/promises";
import { OnveraError } from "../../domain/errors.ts";
import { clusterFailure } from "../../kubernetes/failure.ts";
import { clusterIdentity } from "../../kubernetes/identity.ts";
import { openAccess } from "../../store/crypto/cluster-secrets.ts";
import type { Cluster } from "../../store/tables/places.ts";
import type { ServerDeps } from "../deps.ts";
import { transact } from "../transact.ts";
import { kubernetesInUse, withCluster } from "./cluster-connection.ts";

/** An API server that is being started anew is back within. */
const TRIES = 3;
const PAUSE_MILLISECONDS = 1000;

/**
 * Asks the cluster a few times; any answer at all means that it is there.
 * @returns why it is taken for gone
 * @throws OnveraError RESOURCE_CONFLICT when it answers, or is no Kubernetes cluster in use
 */
export async function requireGone(deps: ServerDeps, cluster: Cluster): Promise<string> {
  const { is_trusted: isTrusted } = kubernetesInUse(cluster);
  const access = await transact(deps, null, (db) => openAccess(db, deps.dataKeys, cluster));
  for (let attempt = 1; ; attempt++) {
    try {
      const identity = await withCluster(
        access,
        { isTrusted, privateHosts: deps.privateClusterHosts },
        clusterIdentity,
      );
      if (cluster.identity !== null && identity !== cluster.identity) return "Another cluster answers at its address.";
      throw answers("It answers. Destroy what is on it");
    } catch (error) {
      if (error instanceof OnveraError) throw error;
      const failure = clusterFailure(error, "answer");
      if (failure.status !== undefined) {
        throw answers(
          `It answers: ${failure.message} If its credentials are old, give it others: onvera clusters update`,
        );
      }
      if (attempt === TRIES) return failure.message;
      await sleep(PAUSE_MILLISECONDS);
    }
  }
}

const answers = (message: string) =>
  new OnveraError("RESOURCE_CONFLICT", { message: `The cluster is not gone. ${message}` });
