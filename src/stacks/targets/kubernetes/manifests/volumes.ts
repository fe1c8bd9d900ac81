/** What is mounted into pods: the two volumes that outlive them, the app's files and secrets, and scratch. Pure. */
import type { input } from "@pulumi/kubernetes/types/index.js";
import { kubernetesNames } from "../../../../domain/kubernetes-names.ts";
import { sizes } from "../../../../domain/sizes.ts";
import type { Workload } from "../../../../domain/workload.ts";
import { type ClusterFacts, metadataOf, withoutAwait } from "./facts.ts";
import { podFolders } from "./pod-folders.ts";

type Volume = input.core.v1.Volume;
type Mount = input.core.v1.VolumeMount;

/** Readable by the app's group alone; the kubelet makes that group the volume's (fsGroup). */
const PRIVATE_MODE = 0o440;
const PRIVATE_PROGRAM_MODE = 0o550;

/** The claims, which keep what is in them when pods, or the size, change. */
export function claims(facts: ClusterFacts) {
  const { dataGigabytes, logsGigabytes } = sizes[facts.spec.size];
  const claim = (name: string, gigabytes: number) => ({
    metadata: metadataOf(facts, name, "storage", withoutAwait),
    spec: {
      accessModes: [facts.place.volumeAccess],
      ...(facts.place.storageClass === null ? {} : { storageClassName: facts.place.storageClass }),
      resources: { requests: { storage: `${gigabytes}Gi` } },
    },
  });
  return {
    data: claim(kubernetesNames.data, dataGigabytes),
    logs: claim(kubernetesNames.logs, logsGigabytes),
  };
}

/** Secret keys may hold no slash, so that a file is kept under its number. */
export const fileKey = (index: number): string => `file-${index}`;
export const TEMPLATE_KEY = "task-pod";
export const stdinKey = (job: string): string => `stdin-${job}`;

export interface Mounted {
  volumes: Volume[];
  volumeMounts: Mount[];
}

/**
 * Volumes of a pod of the app.
 * @param stdinOf a job whose standard input is mounted as well
 */
export function appVolumes(workload: Workload, stdinOf?: string): Mounted {
  const config: Volume = {
    name: "config",
    secret: {
      secretName: kubernetesNames.files,
      defaultMode: PRIVATE_MODE,
      items: [
        ...workload.files.map(({ path, executable }, index) => ({
          key: fileKey(index),
          path,
          mode: executable ? PRIVATE_PROGRAM_MODE : PRIVATE_MODE,
        })),
        ...(workload.taskPods === undefined
          ? []
          : [{ key: TEMPLATE_KEY, path: workload.taskPods.template, mode: PRIVATE_MODE }]),
      ],
    },
  };
  const secrets: Volume = {
    name: "secrets",
    secret: { secretName: kubernetesNames.secrets, defaultMode: PRIVATE_MODE },
  };
  const stdin: Volume = {
    name: "stdin",
    secret: {
      secretName: kubernetesNames.files,
      defaultMode: PRIVATE_MODE,
      items: [{ key: stdinKey(stdinOf ?? ""), path: STDIN_FILE }],
    },
  };
  const base = baseVolumes();
  return {
    volumes: [...(workload.files.length > 0 ? [config] : []), secrets, ...(stdinOf ? [stdin] : []), ...base.volumes],
    volumeMounts: [
      ...(workload.files.length > 0 ? [readOnly("config", podFolders.config)] : []),
      readOnly("secrets", podFolders.secrets),
      ...(stdinOf ? [readOnly("stdin", podFolders.stdin)] : []),
      ...base.volumeMounts,
    ],
  };
}

/**
 * Volumes of a pod that the app makes: the files it may see, and no secret.
 * @param paths of the workload's files
 */
export function taskVolumes({ files }: Workload, paths: readonly string[]): Mounted {
  const items = files.flatMap(({ path }, index) =>
    paths.includes(path) ? [{ key: fileKey(index), path, mode: PRIVATE_MODE }] : [],
  );
  const config: Volume = {
    name: "config",
    secret: { secretName: kubernetesNames.files, defaultMode: PRIVATE_MODE, items },
  };
  const base = baseVolumes();
  return {
    volumes: [config, ...base.volumes],
    volumeMounts: [readOnly("config", podFolders.config), ...base.volumeMounts],
  };
}

/** What every pod has: the root of the image itself can never be written. */
function baseVolumes(): Mounted {
  return {
    volumes: [
      { name: "data", persistentVolumeClaim: { claimName: kubernetesNames.data } },
      { name: "logs", persistentVolumeClaim: { claimName: kubernetesNames.logs } },
      { name: "run", emptyDir: { sizeLimit: "64Mi" } },
      { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
    ],
    volumeMounts: [
      { name: "data", mountPath: podFolders.data },
      { name: "logs", mountPath: podFolders.logs },
      { name: "run", mountPath: podFolders.run },
      { name: "tmp", mountPath: podFolders.temporary },
    ],
  };
}

const STDIN_FILE = "stdin.json";

/** Where a job finds its standard input. */
export const stdinPath = `${podFolders.stdin}/${STDIN_FILE}`;

const readOnly = (name: string, mountPath: string): Mount => ({ name, mountPath, readOnly: true });
