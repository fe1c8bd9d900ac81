import { z } from "@hono/zod-openapi";
import { isolationLevels } from "../../domain/deployment-spec.ts";
import { EnvironmentSettings, HostAndPort, Toleration } from "../../domain/kubernetes-settings.ts";
import { roles } from "../../domain/permissions.ts";
import { DatabaseUrl } from "./clusters.ts";
import { DisplayName, Link, Timestamp } from "./common.ts";

const own = EnvironmentSettings.shape;

export const EnvironmentView = z
  .object({
    id: z.string().meta({ description: "`env_default` for the default environment." }),
    name: z.string(),
    slug: z.string(),
    created_at: Timestamp,
    is_default: z.boolean(),
    owner: z.enum(["system", "organization", "preview"]),
    isolation_level: z.enum(isolationLevels),
    project_id: z.string().nullable(),
    cluster_id: z.string(),
    own: z
      .object({
        ingress_class: z.string().nullable(),
        storage_class: z.string().nullable(),
        database: HostAndPort.nullable(),
        node_selector: z.record(z.string(), z.string()),
        tolerations: z.array(Toleration),
      })
      .meta({ description: "What it has apart from its cluster; null where the cluster's holds." }),
    links: z.object({ self: Link }),
  })
  .meta({ id: "Environment" });

export const Slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, "Lower-case letters, digits and dashes, 1 to 40.");

export const CreateEnvironment = z
  .strictObject({
    name: DisplayName,
    slug: Slug.optional(),
    isolation_level: z.enum(isolationLevels).default("dedicated"),
    cluster_id: z.string().max(100).optional().meta({ description: "The default cluster when left out." }),
    project_id: z.string().max(100).optional(),
    database_url: DatabaseUrl.optional(),
    database_address: HostAndPort.optional(),
    ingress_class: own.ingress_class,
    storage_class: own.storage_class,
    node_selector: own.node_selector.meta({ description: "Labels of the nodes its pods run on." }),
    tolerations: own.tolerations,
  })
  .meta({
    id: "CreateEnvironment",
    description:
      "For the platform operator. What comes after `project_id` is for a dedicated one on a Kubernetes cluster; the cluster's own holds where it is left out.",
  });
export type CreateEnvironment = z.infer<typeof CreateEnvironment>;

export const UpdateEnvironment = z.strictObject({ name: DisplayName }).meta({ id: "UpdateEnvironment" });

export const OrganizationView = z
  .object({
    id: z.string(),
    name: z.string(),
    slug: z.string(),
    created_at: Timestamp,
    role: z
      .enum(roles)
      .nullable()
      .meta({ description: "The caller's role in it; null for an operator who is no member." }),
    links: z.object({ self: Link }),
  })
  .meta({ id: "Organization" });

const Limit = z.int().min(1).max(1_000_000);

export const OrganizationQueue = z
  .object({
    running: z.int().meta({ description: "Operations under way." }),
    queued: z.int(),
    running_limit: z.int().meta({ description: "Past it operations wait." }),
    queued_limit: z.int().meta({ description: "Past it a request is answered with 429 QUEUE_FULL." }),
    is_default: z.boolean().meta({ description: "Whether both limits are the installation's." }),
  })
  .meta({ id: "OrganizationQueue" });

export const UpdateOrganizationQueue = z
  .strictObject({ running_limit: Limit.nullable().optional(), queued_limit: Limit.nullable().optional() })
  .meta({ id: "UpdateOrganizationQueue", description: "What is left out stays; null goes back to the default." });

export const CreateOrganization = z
  .strictObject({
    name: DisplayName,
    slug: Slug.optional(),
    cluster_id: z.string().max(100).optional(),
    owner: z
      .strictObject({
        email: z.email().max(200),
        name: DisplayName.optional(),
        password: z.string().min(12).max(200).optional(),
      })
      .optional()
      .meta({ description: "The first owner; the caller when left out." }),
  })
  .meta({ id: "CreateOrganization", description: "For the platform operator." });

export const ProjectView = z
  .object({
    id: z.string(),
    name: z.string(),
    slug: z.string(),
    created_at: Timestamp,
    links: z.object({ self: Link }),
  })
  .meta({ id: "Project" });

const workerStates = ["running", "draining", "drained", "stopped", "lost"] as const;
export type WorkerState = (typeof workerStates)[number];

export const WorkerView = z
  .object({
    id: z.string(),
    node: z.string(),
    host: z.string(),
    pid: z.int(),
    capabilities: z.array(z.string()),
    slots: z.int(),
    version: z.string(),
    state: z.enum(workerStates).meta({
      description: "`draining` finishes what it runs and takes nothing more; `drained` has nothing left.",
    }),
    operations: z.int().meta({ description: "How many it has under way." }),
    drain_requested_at: Timestamp.nullable(),
    started_at: Timestamp,
    heartbeat_at: Timestamp,
  })
  .meta({ id: "Worker" });
