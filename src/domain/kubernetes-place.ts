/** What the program must know of a Kubernetes cluster to put a deployment there. */
import { z } from "zod";
import { IsolationLevel } from "./deployment-spec.ts";
import { PrivateNetwork } from "./private-networks.ts";

/** As a pod names it; what is left out matches everything. */
const Toleration = z.strictObject({
  key: z.string().optional(),
  operator: z.enum(["Exists", "Equal"]).optional(),
  value: z.string().optional(),
  effect: z.enum(["NoSchedule", "PreferNoSchedule", "NoExecute"]).optional(),
});

export const KubernetesPlace = z.strictObject({
  /** Comes from the environment; `dedicated` has nodes, database server and ingress class of its own. */
  isolation: IsolationLevel,
  /** Full reference of the app's image. */
  image: z.string(),
  imagePullPolicy: z.enum(["IfNotPresent", "Always", "Never"]).default("IfNotPresent"),
  ingressClass: z.string(),
  /** Where the ingress controller's pods live: the only ones outside that may reach the front door. Null where nobody said. */
  ingressNamespace: z.string().nullable(),
  /** cert-manager's ClusterIssuer; null leaves the certificate to the ingress controller's default. */
  certificateIssuer: z.string().nullable().default(null),
  /** Null takes the cluster's default class. */
  storageClass: z.string().nullable(),
  /** `ReadWriteOnce` volumes keep all pods of a deployment on one node. */
  volumeAccess: z.enum(["ReadWriteOnce", "ReadWriteMany"]).default("ReadWriteOnce"),
  nodeSelector: z.record(z.string(), z.string()).default({}),
  tolerations: z.array(Toleration).default([]),
  /** What pods may reach beside the internet and the database server. */
  privateNetworks: z.array(PrivateNetwork).default([]),
  /** Where requirements come from; null is the installer's own default. */
  packageIndex: z.string().nullable().default(null),
  /** The API server as pods reach it behind its Service; null where no pod may ask it anything. */
  apiServer: z
    .strictObject({ addresses: z.array(z.string()).min(1), port: z.number().int().min(1).max(65_535) })
    .nullable()
    .default(null),
});
export type KubernetesPlace = z.infer<typeof KubernetesPlace>;
