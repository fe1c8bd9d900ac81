/** Why a set-up Job failed, in the app's own words: the engine knows only that it did, and which one. */
import { failure } from "../../../domain/failures.ts";
import { kubernetesNames, namespaceName } from "../../../domain/kubernetes-names.ts";
import type { OperationError } from "../../../domain/operation.ts";
import type { ClusterClient } from "../../../kubernetes/client.ts";
import { listAll } from "../../../kubernetes/follow-list.ts";
import type { Job, Pod } from "../../../kubernetes/objects.ts";
import { lastLogLines, secretValues } from "../../../kubernetes/pod-logs.ts";
import { createScrubber } from "../../scrub.ts";

const JOB_TYPE = "kubernetes:batch/v1:Job";
const LAST_LINES = 20;

/**
 * The engine's error, or BOOTSTRAP_FAILED with the last lines of the Job that it names.
 * @throws ClusterFailure when the cluster does not answer
 */
export async function explainJobFailure(
  client: ClusterClient,
  deploymentId: string,
  error: OperationError,
): Promise<OperationError> {
  const { resource } = error;
  if (resource?.type !== JOB_TYPE) return error;
  const namespace = namespaceName(deploymentId);
  const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
  const { items: jobs } = await listAll<Job>(client, { what: "jobs", path });
  // Earlier attempts may have left others that failed; a resource's name ends with its Job's.
  const job = jobs.find(({ metadata }) => resource.urn.endsWith(metadata.name));
  const verdict = job?.status?.conditions?.find(({ type, status }) => type === "Failed" && status === "True");
  if (job === undefined || verdict === undefined) return error;
  const { items: pods } = await listAll<Pod>(client, { what: "pods", path: `/api/v1/namespaces/${namespace}/pods` });
  const own = pods.filter(({ metadata }) => metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid));
  const pod = own.at(-1);
  const container = pod?.status?.containerStatuses?.[0];
  const lines =
    pod === undefined || container === undefined
      ? []
      : await lastLogLines(
          client,
          { namespace, pod: pod.metadata.name, container: container.name, previous: false },
          LAST_LINES,
        );
  const scrubber = createScrubber(await secretValues(client, namespace, kubernetesNames.secrets));
  const message = `The set-up job '${container?.name ?? job.metadata.name}' failed: ${verdict.message ?? "the cluster does not say why"}.`;
  const said = lines.length === 0 ? {} : { last_log_lines: lines.map(scrubber.text) };
  return failure("BOOTSTRAP_FAILED", message, { resource, ...said });
}
