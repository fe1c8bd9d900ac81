/** Destroy, step 2: no pod of the deployment runs any more, so that nothing uses its database. */
import { namespaceName } from "../../../domain/kubernetes-names.ts";
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { untilNamespace } from "../../../kubernetes/namespace-view.ts";
import { removerOf } from "./remove-once.ts";
import { livingPods } from "./rollout.ts";
import { type ClusterIo, waitOptions } from "./waits.ts";

/** Longer than any grace period of an app; a pod whose node is gone never ends by itself. */
const FORCE_AFTER_SECONDS = 120;

/** Deletes what makes pods, then waits for the last of them; one that does not end is struck off the cluster's list. */
export async function stopPods(client: ClusterClient, deploymentId: string, io: ClusterIo): Promise<void> {
  const namespace = namespaceName(deploymentId);
  const deadline = performance.now() + FORCE_AFTER_SECONDS * 1000;
  const remove = removerOf(client, io);
  await untilNamespace(client, waitOptions(namespace, io), ({ deployments, jobs, pods }) => {
    for (const { metadata } of deployments)
      remove(`/apis/apps/v1/namespaces/${namespace}/deployments/${metadata.name}`);
    for (const { metadata } of jobs) remove(`/apis/batch/v1/namespaces/${namespace}/jobs/${metadata.name}`);
    const left = livingPods(pods);
    if (left.length === 0 && deployments.length === 0 && jobs.length === 0) return true;
    const isLate = performance.now() > deadline;
    for (const { metadata } of left) {
      const path = `/api/v1/namespaces/${namespace}/pods/${metadata.name}`;
      // A pod that belongs to nobody any more, such as one an app made for itself, is not deleted by anybody else.
      if (metadata.deletionTimestamp === undefined && deployments.length + jobs.length === 0) remove(path);
      if (isLate) remove(path, { gracePeriodSeconds: 0 });
    }
    return undefined;
  });
}
