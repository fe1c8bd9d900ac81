import { z } from "@hono/zod-openapi";
import { airflowExecutors } from "../../domain/airflow-executor.ts";
import { deploymentActions } from "../../domain/deployment-gate.ts";
import {
  AirflowSettings,
  AppType,
  appTypes,
  GitSource,
  powerStates,
  Requirement,
  SupersetSettings,
} from "../../domain/deployment-spec.ts";
import { deploymentStatuses } from "../../domain/deployment-status.ts";
import { sizeNames } from "../../domain/sizes.ts";
import { DisplayName, Link, pageQuery, Timestamp } from "./common.ts";

export const healthStates = ["healthy", "starting", "degraded", "unhealthy", "stopped", "unknown"] as const;

const Executor = z.enum(airflowExecutors).meta({
  description:
    "Where tasks run: `local` beside the scheduler, `kubernetes` each in a pod of its own, `celery` in workers. All but `local` need a Kubernetes cluster.",
});

const ConditionView = z.object({
  type: z.string(),
  status: z.enum(["true", "false", "unknown"]),
  reason: z.string(),
  message: z.string(),
  since: Timestamp,
});

const SettingsView = z.object({
  version: z.string(),
  size: z.enum(sizeNames),
  replicas: z.record(z.string(), z.int()),
  environment_variables: z
    .record(z.string(), z.string())
    .meta({ description: "Values are masked for readers who may not change them." }),
  requirements: z.array(z.string()),
  superset: z
    .object({
      feature_flags: z.record(z.string(), z.boolean()),
      config: z
        .record(z.string(), z.unknown())
        .meta({ description: "Values are masked for readers who may not change them." }),
    })
    .optional(),
  airflow: z
    .object({
      executor: Executor,
      dags: z.object({ url: z.string(), branch: z.string(), subdirectory: z.string() }).nullable(),
      connections: z.record(z.string(), z.string()).meta({ description: "Connection URIs, always masked." }),
      variables: z.record(z.string(), z.string()),
    })
    .optional(),
});

export const DeploymentView = z
  .object({
    id: z.string().meta({ examples: ["dep_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e"] }),
    name: z.string(),
    app_type: z.string().meta({ description: "airflow or superset." }),
    status: z.enum(deploymentStatuses),
    url: z.string().nullable().meta({ description: "Where the app answers; null until the deployment is ready." }),
    sign_in_url: z.string().nullable().meta({
      description: "Opens the app as the member who is signed in to Onvera in that browser; null where it cannot.",
    }),
    environment_id: z.string().meta({ description: "`env_default` for the organization's default environment." }),
    organization_id: z.string(),
    isolation_level: z.enum(["shared", "dedicated", "byoc"]).meta({ description: "Read from the environment." }),
    created_at: Timestamp,
    power_state: z.enum(powerStates),
    health: z.enum(healthStates),
    protected: z.boolean(),
    conditions: z.array(ConditionView),
    current_operation_id: z.string().nullable(),
    available_actions: z.array(z.enum(deploymentActions)),
    settings: SettingsView,
    revision: z.object({ wanted: z.int(), applied: z.int().nullable() }),
    destroyed_at: Timestamp.nullable(),
    links: z.object({
      self: Link,
      operation: Link.nullable(),
      operations: Link,
      environment: Link,
      receipt: Link.nullable(),
    }),
  })
  .meta({ id: "Deployment", description: "One Airflow or Superset with its own database, infrastructure and host." });
export type DeploymentView = z.infer<typeof DeploymentView>;

/** Settings a person may give; what is left out keeps its value, and on create takes its default. */
const settingsInput = {
  version: z.string().min(1).max(40).optional(),
  size: z.enum(sizeNames).optional(),
  replicas: z.record(z.string().min(1).max(31), z.int().min(0).max(20)).optional(),
  requirements: z.array(Requirement).max(100).optional(),
};

const VariableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "Names are letters, digits and underscores.");
const VariableValue = z.string().max(20_000);

export const CreateDeployment = z
  .strictObject({
    // Any text passes here: an unknown app has an answer of its own, with the documented words.
    app_type: z
      .string()
      .max(100)
      .meta({ enum: [...appTypes], description: "airflow or superset." }),
    name: DisplayName.optional().meta({ description: "Made up when left out." }),
    environment_id: z.string().max(100).optional().meta({ description: "`env_default` when left out." }),
    protected: z.boolean().optional().meta({ description: "A protected deployment cannot be destroyed." }),
    ...settingsInput,
    environment_variables: z.record(VariableName, VariableValue).optional(),
    superset: SupersetSettings.partial().optional(),
    airflow: AirflowSettings.extend({ executor: Executor }).partial().optional(),
    bench_resources: z
      .int()
      .min(0)
      .max(200)
      .optional()
      .meta({ description: "Benchmark programs of test installations only." }),
  })
  .meta({ id: "CreateDeployment" });
export type CreateDeployment = z.infer<typeof CreateDeployment>;

/** In maps, null removes an entry and what is not named stays. */
const settingsChanges = {
  ...settingsInput,
  environment_variables: z.record(VariableName, VariableValue.nullable()).optional(),
  superset: z
    .strictObject({
      feature_flags: z.record(z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/), z.boolean().nullable()).optional(),
      config: z
        .record(z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/), z.unknown())
        .optional()
        .meta({ description: "A key with null is removed." }),
    })
    .optional(),
  airflow: z
    .strictObject({
      executor: Executor.optional(),
      dags: GitSource.nullable().optional(),
      connections: z.record(z.string().regex(/^[A-Za-z0-9_.-]{1,200}$/), z.string().max(5000).nullable()).optional(),
      variables: z.record(z.string().min(1).max(250), z.string().max(50_000).nullable()).optional(),
    })
    .optional(),
};

export const DeploymentChanges = z.strictObject(settingsChanges).meta({ id: "DeploymentChanges" });
export type DeploymentChanges = z.infer<typeof DeploymentChanges>;

export const UpdateDeployment = z
  .strictObject({
    name: DisplayName.optional().meta({ description: "The host name keeps its first form." }),
    protected: z.boolean().optional(),
    confirm_name: z.string().max(400).optional().meta({
      description: "The deployment's name, needed to take its protection away.",
    }),
    ...settingsChanges,
  })
  .meta({ id: "UpdateDeployment", description: "Any field may be left out. In maps null removes an entry." });
export type UpdateDeployment = z.infer<typeof UpdateDeployment>;

export const PlanRequest = z
  .strictObject({
    destroy: z.boolean().default(false).meta({ description: "Plan the destroy instead of an update." }),
    changes: DeploymentChanges.optional(),
  })
  .meta({ id: "PlanRequest" });

export const ScaleRequest = z
  .strictObject({ replicas: z.record(z.string().min(1).max(31), z.int().min(0).max(20)) })
  .meta({ id: "ScaleRequest", description: "Copies wanted, by process." });

export const PulumiRequest = z
  .strictObject({ argv: z.array(z.string().min(1).max(1000)).min(1).max(50) })
  .meta({ id: "PulumiRequest", description: "Arguments of a `pulumi` command that changes the stack." });

export const StateRestore = z
  .strictObject({
    version: z.int().min(1).max(Number.MAX_SAFE_INTEGER).optional().meta({
      description: "One that is kept. Left out, the state stays, unless it is damaged: then the newest whole one.",
    }),
  })
  .meta({ id: "StateRestore" });

/** The documented answer of create, given by every action that starts an operation. */
export const Accepted = z
  .object({
    deployment_id: z.string(),
    operation_id: z.string(),
    warning: z.string().optional().meta({ description: "Said of what cannot be undone." }),
    links: z.object({ deployment: Link, operation: Link }),
  })
  .meta({ id: "AcceptedOperation" });
export type Accepted = z.infer<typeof Accepted>;

export const DeploymentListQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(deploymentStatuses).optional(),
  app_type: AppType.optional(),
  environment_id: z.string().min(1).max(100).optional(),
  include: z.enum(["destroyed"]).optional().meta({ description: "`destroyed` adds deployments that are gone." }),
});
