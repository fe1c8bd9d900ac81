/** What is known of a registered Kubernetes cluster and of an environment on it, apart from their secrets. */
import { z } from "zod";
import type { IsolationLevel } from "./deployment-spec.ts";
import { PrivateNetwork } from "./private-networks.ts";

const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
const LABEL_KEY = /^(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Name of an object of the cluster, such as an ingress class. */
export const ObjectName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/, "Lower-case letters, digits, dots and dashes.");

/** A host name or an IP address, with a port. */
export const HostAndPort = z.strictObject({
  host: z
    .string()
    .max(253)
    .refine((host) => host.split(".").every((label) => DNS_LABEL.test(label)) || z.ipv6().safeParse(host).success, {
      message: "A host name or an IP address.",
    }),
  port: z.int().min(1).max(65_535),
});
export type HostAndPort = z.infer<typeof HostAndPort>;

/** `registry/path:tag`. */
export const ImageName = z
  .string()
  .max(300)
  .regex(/^[a-z0-9][A-Za-z0-9._:/@-]*$/, "registry/path:tag");

/** A credential in an address would stand in manifests. */
export const PackageIndex = z
  .string()
  .max(500)
  .regex(/^https?:\/\/[^\s@?#]+$/, "http:// or https://, without a user, a password or a query.");

export const volumeAccesses = ["ReadWriteOnce", "ReadWriteMany"] as const;
export type VolumeAccess = (typeof volumeAccesses)[number];

/** `clusters.settings` of kind `kubernetes`. */
export const KubernetesSettings = z.strictObject({
  /** https address of the API server, and how the control plane proves itself there. */
  server: z.string(),
  credentials: z.enum(["token", "client_certificate"]),
  /** When they end by themselves, ISO 8601; null where they do not say. */
  credentials_end: z.string().nullable(),
  /** Whether the platform operator gave its addresses: they may be inside a network then. */
  is_trusted: z.boolean(),
  ingress_class: ObjectName,
  /** Where the ingress controller's pods live: the only ones let in to the front doors. Null lets every namespace in. */
  ingress_namespace: ObjectName.nullable(),
  /** Where the control plane reaches the ingress controller when the domain is not in DNS. */
  ingress_address: HostAndPort.nullable(),
  /** Of cert-manager, for the hosts' certificates; without it the ingress controller's own certificate is shown. */
  certificate_issuer: ObjectName.nullable(),
  /** Null is the cluster's default class. */
  storage_class: ObjectName.nullable(),
  /** With ReadWriteOnce all pods of a deployment share a node. */
  volume_access: z.enum(volumeAccesses),
  /** The database server as pods reach it. */
  database: HostAndPort,
  /** What a check runs its pods from. */
  check_image: ImageName,
  /** Registry and path the apps' images are under. */
  images: z
    .string()
    .max(200)
    .regex(/^[a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)*$/, "host[:port][/path], in lower case."),
  /** What pods may reach beside the internet and the database server. */
  private_networks: z.array(PrivateNetwork).max(50).default([]),
  /** Where requirements of deployments come from; null is the installer's own default, PyPI. */
  package_index: PackageIndex.nullable().default(null),
});
export type KubernetesSettings = z.infer<typeof KubernetesSettings>;

export const DEFAULT_IMAGES = "onvera.local";

/** What a check runs its pods from: any image with sh and nc. @param images the prefix of the apps' images */
export const defaultCheckImage = (images: string): string => `${images}/busybox:1`;

/** A pod's leave to run on nodes that keep others away. */
export const Toleration = z
  .strictObject({
    key: z.string().regex(LABEL_KEY, "A label's key."),
    operator: z.enum(["Exists", "Equal"]).default("Exists"),
    value: z.string().regex(LABEL_VALUE, "A label's value.").optional(),
    effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
  })
  .refine(({ operator, value }) => operator === "Equal" || value === undefined, { message: "Exists takes no value." });
export type Toleration = z.infer<typeof Toleration>;

/** `environments.settings`: what a dedicated environment has of its own; empty for any other. */
export const EnvironmentSettings = z.strictObject({
  ingress_class: ObjectName.optional(),
  storage_class: ObjectName.optional(),
  /** Its own database server as pods reach it. */
  database: HostAndPort.optional(),
  node_selector: z.record(z.string().regex(LABEL_KEY), z.string().regex(LABEL_VALUE)).optional(),
  tolerations: z.array(Toleration).max(20).optional(),
});
export type EnvironmentSettings = z.infer<typeof EnvironmentSettings>;

/** Where a deployment's pods, volumes, routes and database go: its environment decides, never the deployment (ON-05). */
export interface Placement {
  isolation: IsolationLevel;
  ingressClass: string;
  ingressNamespace: string | null;
  ingressAddress: HostAndPort | null;
  certificateIssuer: string | null;
  storageClass: string | null;
  volumeAccess: VolumeAccess;
  database: HostAndPort;
  images: string;
  nodeSelector: Record<string, string>;
  tolerations: Toleration[];
  privateNetworks: PrivateNetwork[];
  packageIndex: string | null;
}

/**
 * What holds in an environment: its own settings before the cluster's.
 * @param cluster the cluster's settings as they are stored
 * @param environment the environment's level, and its settings as they are stored
 * @throws ZodError when what is stored is not of this version
 */
export function placementOf(
  cluster: unknown,
  environment: { isolation: IsolationLevel; settings: unknown },
): Placement {
  const common = KubernetesSettings.parse(cluster);
  const own = EnvironmentSettings.parse(environment.settings);
  return {
    isolation: environment.isolation,
    ingressClass: own.ingress_class ?? common.ingress_class,
    ingressNamespace: common.ingress_namespace,
    ingressAddress: common.ingress_address,
    certificateIssuer: common.certificate_issuer,
    storageClass: own.storage_class ?? common.storage_class,
    volumeAccess: common.volume_access,
    database: own.database ?? common.database,
    images: common.images,
    nodeSelector: own.node_selector ?? {},
    tolerations: own.tolerations ?? [],
    privateNetworks: common.private_networks,
    packageIndex: common.package_index,
  };
}
