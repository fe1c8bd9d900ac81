/** Which Jobs a deployment needs, in which order: its own requirements, the workload's jobs, its git source. Pure. */
import { digestOf, jobDigest, sourceDigest } from "../../../workload-digests.ts";
import type { ClusterFacts } from "./facts.ts";
import type { ExtraStdin } from "./files.ts";
import { sourceCommand, sourceEnvironment } from "./git-source.ts";
import type { ClusterJob } from "./jobs.ts";
import { podEnvironment, renderFacts } from "./pod.ts";
import { overlaysFolder, podFolders, renderForPod } from "./pod-folders.ts";

export interface JobPlan {
  /** Before the workload's own: its requirements installed. */
  before: ClusterJob[];
  /** The workload's own, one after the other. */
  jobs: ClusterJob[];
  /** At the same time as those: the git source fetched. */
  beside: ClusterJob[];
  /** The environment processes and jobs run from. */
  packageFolder: string;
  extraStdin: ExtraStdin;
}

const PACKAGE_JOB = "package";
const SOURCE_JOB = "source";
const INSTALL_DEADLINE_SECONDS = 900;
const FETCH_DEADLINE_SECONDS = 300;

export function planJobs(facts: ClusterFacts): JobPlan {
  const { workload } = facts;
  const overlay = overlayOf(facts);
  const packageFolder = overlay === undefined ? podFolders.image : `${overlaysFolder}/${overlay}`;
  const render = renderFacts(facts, packageFolder);
  const jobs = workload.jobs.map(
    (each): ClusterJob => ({
      name: each.name,
      digest: jobDigest(each),
      command: each.command.map((part) => renderForPod(part, render)),
      env: podEnvironment(facts, each.env, render),
      hasStdin: each.stdin !== undefined,
      phase: each.phase,
      deadlineSeconds: each.deadlineSeconds,
    }),
  );
  const beside = workload.gitSource === undefined ? [] : [sourceJob(workload.gitSource)];
  if (overlay === undefined) return { before: [], jobs, beside, packageFolder, extraStdin: {} };
  const plan = { uv: "uv", folder: overlaysFolder, name: overlay, requirements: workload.package.extraRequirements };
  return {
    before: [installJob(overlay, facts.place.packageIndex)],
    jobs,
    beside,
    packageFolder,
    extraStdin: { [PACKAGE_JOB]: JSON.stringify(plan) },
  };
}

/** Another image or other requirements are another environment; a running pod keeps the one it was started from. */
function overlayOf({ workload, place }: ClusterFacts): string | undefined {
  const { extraRequirements } = workload.package;
  if (extraRequirements.length === 0) return undefined;
  return digestOf([place.image, [...extraRequirements].sort()]).slice(0, 12);
}

const installJob = (overlay: string, packageIndex: string | null): ClusterJob => ({
  name: PACKAGE_JOB,
  digest: overlay,
  command: [`${podFolders.image}/bin/python`, "-I", `${podFolders.image}/share/onvera/onvera_overlay.py`],
  env: {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LANG: "C.UTF-8",
    HOME: overlaysFolder,
    TMPDIR: podFolders.temporary,
    UV_CACHE_DIR: `${overlaysFolder}/.cache`,
    UV_NO_CONFIG: "1",
    // The image's authorities vouch for a package index inside a network, as they do for a git server there.
    UV_SYSTEM_CERTS: "true",
    UV_PYTHON_DOWNLOADS: "never",
    ...(packageIndex === null ? {} : { UV_DEFAULT_INDEX: packageIndex }),
  },
  hasStdin: true,
  phase: "bootstrapping_app",
  deadlineSeconds: INSTALL_DEADLINE_SECONDS,
});

const sourceJob = (source: NonNullable<ClusterFacts["workload"]["gitSource"]>): ClusterJob => ({
  name: SOURCE_JOB,
  digest: sourceDigest(source),
  command: sourceCommand(source),
  env: sourceEnvironment,
  hasStdin: false,
  phase: "bootstrapping_app",
  deadlineSeconds: FETCH_DEADLINE_SECONDS,
});
