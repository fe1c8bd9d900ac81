/** A cluster, and a deployment's program recorded for it. */
import type { KubernetesPlace } from "../../src/domain/kubernetes-place.ts";
import { ProgramInput } from "../../src/domain/program-input.ts";
import { deploymentProgram } from "../../src/stacks/program.ts";
import { kubernetesTarget } from "../../src/stacks/targets/kubernetes/index.ts";
import { input } from "./fixtures.ts";
import { type Recording, record } from "./recorder.ts";

export const namespace = "ov-01900000000070008000000000000001";

/** The input of a deployment in a cluster of this kind. */
export function clusterInput(
  changes: Partial<ProgramInput> = {},
  place: Partial<KubernetesPlace> = {},
  context: { databaseHost?: string; publicUrl?: string } = {},
): ProgramInput {
  return ProgramInput.parse({
    ...input(changes),
    context: {
      target: "kubernetes",
      databaseHost: "10.0.0.5",
      databasePort: 5432,
      templateDatabase: null,
      host: "my-superset-abc123.apps.example.com",
      publicUrl: "https://my-superset-abc123.apps.example.com",
      ...context,
      kubernetes: {
        isolation: "shared",
        image: "onvera.local/superset:6.1.0-0123456789ab",
        ingressClass: "traefik",
        ingressNamespace: "ingress",
        storageClass: "standard",
        ...place,
      },
    },
  });
}

/** Runs the program of that input against Pulumi's mocks. */
export const runOnCluster = (...given: Parameters<typeof clusterInput>): Promise<Recording> =>
  record(deploymentProgram(clusterInput(...given), kubernetesTarget));

/** A manifest as the API server would be sent it, secrets in clear. */
export interface Manifest {
  kind: string;
  apiVersion: string;
  metadata: { name: string; namespace?: string; labels: Record<string, string>; annotations?: Record<string, string> };
  spec: Record<string, unknown>;
  [other: string]: unknown;
}

/** Everything of a recording that a cluster gets. */
export const manifestsOf = ({ resources }: Recording): Manifest[] =>
  resources.filter(({ type }) => type.startsWith("kubernetes:")).map(({ inputs }) => inClear(inputs) as Manifest);

/** Pod templates of every Deployment and Job, by object name. */
export const podSpecsOf = (recording: Recording): [string, PodSpec][] =>
  manifestsOf(recording).flatMap(({ metadata, spec }) => {
    const template = spec?.template as { spec: PodSpec } | undefined;
    return template === undefined ? [] : [[metadata.name, template.spec] as [string, PodSpec]];
  });

export interface Container {
  name: string;
  command: string[];
  env: { name: string; value: string }[];
  securityContext: Record<string, unknown>;
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  [other: string]: unknown;
}

export interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  volumes: { name: string; [source: string]: unknown }[];
  [other: string]: unknown;
}

function inClear(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inClear);
  if (value === null || typeof value !== "object") return value;
  if ("secret" in value && Object.keys(value).length === 1 && typeof value.secret !== "object") return value.secret;
  // A recorded secret is an object with that one member; so is a volume that comes from a Secret.
  if ("secret" in value && Object.keys(value).length === 1 && !isSecretSource(value.secret))
    return inClear(value.secret);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inClear(inner)]));
}

const isSecretSource = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "secretName" in value;
