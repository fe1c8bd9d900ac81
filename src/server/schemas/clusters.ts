/** Clusters in requests and answers. Access and database URL go in and never come out. */
import { z } from "@hono/zod-openapi";
import {
  DEFAULT_IMAGES,
  HostAndPort,
  KubernetesSettings,
  PackageIndex,
  volumeAccesses,
} from "../../domain/kubernetes-settings.ts";
import { preflightChecks } from "../../domain/preflight-report.ts";
import { PrivateNetwork } from "../../domain/private-networks.ts";
import { DisplayName, Link, pageQuery, Timestamp } from "./common.ts";

const stored = KubernetesSettings.shape;

const Kubeconfig = z.string().min(1).max(65_536).meta({
  description:
    "YAML or JSON. Of its current context: server, certificate-authority-data, and token or client certificate and key. Nothing that runs a program or names a file.",
});
export const DatabaseUrl = z
  .string()
  .min(1)
  .max(2000)
  .meta({
    description: "Of a role that may create databases and roles on the PostgreSQL server of the cluster's deployments.",
    examples: ["postgresql://admin:secret@db.example.com:5432/postgres?sslmode=require"],
  });

export const CreateCluster = z
  .strictObject({
    name: DisplayName,
    shared: z
      .boolean()
      .default(false)
      .meta({ description: "For all organizations; the platform operator alone. Otherwise for the caller's." }),
    domain: z
      .string()
      .max(200)
      .regex(/^(?=.{1,200}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/, "A domain name.")
      .meta({ description: "Deployments answer at `<label>.<domain>`.", examples: ["apps.example.com"] }),
    kubeconfig: Kubeconfig,
    database_url: DatabaseUrl,
    database_address: HostAndPort.optional().meta({
      description: "The database server as pods reach it; as in `database_url` when left out.",
    }),
    ingress_class: stored.ingress_class.default("nginx"),
    ingress_namespace: stored.ingress_namespace.optional(),
    ingress_address: HostAndPort.nullable().optional(),
    certificate_issuer: stored.certificate_issuer.optional(),
    storage_class: stored.storage_class.optional(),
    volume_access: z.enum(volumeAccesses).default("ReadWriteOnce"),
    images: stored.images.default(DEFAULT_IMAGES),
    private_networks: stored.private_networks.meta({
      description: "What pods may reach beside the internet and the database server; without a port, at every one.",
      examples: [[{ cidr: "10.20.0.0/16" }, { cidr: "10.30.0.7/32", port: 443 }]],
    }),
    package_index: PackageIndex.optional().meta({
      description: "Package index that deployments' `requirements` come from; PyPI when left out.",
    }),
    check_image: stored.check_image.optional().meta({
      description: "What `check` runs its pods from: any image with `sh` and `nc`; `<images>/busybox:1` when left out.",
    }),
  })
  .meta({ id: "CreateCluster" });
export type CreateCluster = z.infer<typeof CreateCluster>;

export const UpdateCluster = z
  .strictObject({ kubeconfig: Kubeconfig.optional(), database_url: DatabaseUrl.optional() })
  .refine((wanted) => Object.values(wanted).some((value) => value !== undefined), {
    message: "Give a kubeconfig, a database_url, or both.",
  })
  .meta({ id: "UpdateCluster", minProperties: 1 });
export type UpdateCluster = z.infer<typeof UpdateCluster>;

const KubernetesFacts = z
  .object({
    server: z.string(),
    credentials: stored.credentials,
    credentials_end: Timestamp.nullable().meta({ description: "When they end by themselves, where they say so." }),
    ingress_class: z.string(),
    ingress_namespace: z.string().nullable(),
    ingress_address: HostAndPort.nullable(),
    certificate_issuer: z.string().nullable(),
    storage_class: z.string().nullable(),
    volume_access: z.enum(volumeAccesses),
    database: HostAndPort,
    images: z.string(),
    private_networks: z.array(PrivateNetwork),
    package_index: z.string().nullable(),
    check_image: z.string(),
  })
  .meta({ id: "KubernetesCluster" });

export const ClusterCheck = z
  .object({
    checked_at: Timestamp,
    fit: z.boolean().meta({ description: "Whether nothing that deployments need is missing." }),
    version: z.string().nullable().meta({ description: "Of Kubernetes; null when the API server was not reached." }),
    findings: z.array(
      z.object({
        check: z.enum(preflightChecks),
        result: z.enum(["ok", "missing", "unknown"]),
        detail: z.string(),
        next_step: z.string().nullable(),
        items: z.array(z.string()).meta({ description: "Single things that are missing, such as permissions." }),
      }),
    ),
  })
  .meta({ id: "ClusterCheck" });

export const ClusterView = z
  .object({
    id: z.string(),
    name: z.string(),
    kind: z.enum(["local", "kubernetes", "eks"]),
    domain: z.string(),
    shared: z.boolean(),
    state: z
      .enum(["active", "abandoned"])
      .meta({ description: "`abandoned` is given up as gone; nothing runs there." }),
    kubernetes: KubernetesFacts.nullable().meta({ description: "Null for a cluster of another kind." }),
    check: z.union([ClusterCheck, z.null()]).meta({ description: "What the last check found; null before the first." }),
    created_at: Timestamp,
    links: z.object({ self: Link }),
  })
  .meta({ id: "Cluster" });

export const AbandonRequest = z
  .strictObject({
    confirm_name: z.string().max(400).meta({ description: "The name of what is given up." }),
  })
  .meta({ id: "AbandonRequest" });

export const LeakListQuery = z.strictObject(pageQuery);

export const ClusterLeaks = z
  .object({
    deployment_id: z.string(),
    deployment_name: z.string(),
    organization_id: z.string(),
    operation_id: z.string().meta({ description: "The abandonment." }),
    abandoned_at: Timestamp,
    items: z.array(
      z.object({
        urn: z.string().meta({ description: "Name in the stack; empty for what no record names." }),
        type: z.string(),
        physical_id: z.string().meta({ description: "What to look for." }),
        detail: z.string().meta({ description: "Why nobody could look." }),
      }),
    ),
    links: z.object({ receipt: Link }),
  })
  .meta({ id: "ClusterLeaks" });
