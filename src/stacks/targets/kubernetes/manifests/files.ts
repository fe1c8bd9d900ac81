/** The app's files, secrets and the jobs' standard input, as the two Secrets of a deployment hold them. Pure. */
import { kubernetesNames } from "../../../../domain/kubernetes-names.ts";
import { type ClusterFacts, metadataOf } from "./facts.ts";
import { type RenderFacts, renderForPod } from "./pod-folders.ts";
import { fileKey, stdinKey, TEMPLATE_KEY } from "./volumes.ts";

/** What the API server takes of one Secret, whatever else stands in it. */
const LARGEST_BYTES = 1024 * 1024 - 16 * 1024;

export const secretsMetadata = (facts: ClusterFacts) => metadataOf(facts, kubernetesNames.secrets, "settings");
export const filesMetadata = (facts: ClusterFacts) => metadataOf(facts, kubernetesNames.files, "settings");

/** Standard input of a job beside the workload's own ones, by job name. */
export type ExtraStdin = Readonly<Record<string, string>>;

/**
 * Content of the Secret with every file and every job's standard input.
 * @param secrets values by name; files and standard input are the only places that may hold them
 * @param taskPod the template of the pods that the app makes
 * @throws Error when a cluster could not hold it
 */
export function fileContents(
  { workload }: Pick<ClusterFacts, "workload">,
  render: RenderFacts,
  secrets: Readonly<Record<string, string>>,
  extraStdin: ExtraStdin = {},
  taskPod?: object,
): Record<string, string> {
  const files = workload.files.map(
    ({ content }, index) => [fileKey(index), renderForPod(content, { ...render, secrets })] as const,
  );
  // It is JSON, so that secrets are written the way a JSON text holds them.
  const escaped = Object.fromEntries(
    Object.entries(secrets).map(([name, value]) => [name, JSON.stringify(value).slice(1, -1)]),
  );
  const stdin = workload.jobs.flatMap((job) =>
    job.stdin === undefined
      ? []
      : [[stdinKey(job.name), renderForPod(job.stdin, { ...render, secrets: escaped })] as const],
  );
  const extra = Object.entries(extraStdin).map(([name, text]) => [stdinKey(name), text] as const);
  const template = taskPod === undefined ? [] : [[TEMPLATE_KEY, JSON.stringify(taskPod)] as const];
  const contents = Object.fromEntries([...files, ...stdin, ...extra, ...template]);
  const bytes = Object.values(contents).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > LARGEST_BYTES) {
    throw new Error(
      `The settings of this deployment take ${Math.ceil(bytes / 1024)} KB; a Kubernetes cluster holds at most ${Math.floor(LARGEST_BYTES / 1024)} KB of them. Keep large variables and connections in the app itself.`,
    );
  }
  return contents;
}
