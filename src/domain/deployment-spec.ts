/** What a customer may ask of a deployment. One row of `deployment_specs` per revision holds it. */
import { z } from "zod";
import { airflowExecutors } from "./airflow-executor.ts";
import { sizeNames } from "./sizes.ts";

export const appTypes = ["airflow", "superset"] as const;
export const AppType = z.enum(appTypes);
export type AppType = z.infer<typeof AppType>;

/** The app of that name, where it is one of ours. */
export const appTypeOf = (name: string): AppType | undefined => appTypes.find((known) => known === name);

/** App type of the benchmark and chaos programs; refused unless the installation runs with ONVERA_TEST_APPS=1. */
export const TEST_APP_TYPE = "bench";

export const isolationLevels = ["shared", "dedicated", "byoc"] as const;
export const IsolationLevel = z.enum(isolationLevels);
export type IsolationLevel = z.infer<typeof IsolationLevel>;

export const powerStates = ["running", "stopped"] as const;

const EnvironmentVariableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "Names are letters, digits and underscores.");

/** A name with version specifiers only: no URL, path, option or marker can reach the installer. */
export const Requirement = z
  .string()
  .max(200)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._,-]+\])?\s*((==|>=|<=|~=|!=|>|<)\s*[0-9A-Za-z.*+!-]+(\s*,\s*(==|>=|<=|~=|!=|>|<)\s*[0-9A-Za-z.*+!-]+)*)?$/,
    "A requirement is a package name with version specifiers, for example 'pandas>=2.0'.",
  );

/** Any JSON value: what arrives here was parsed from JSON. The recursive `z.json()` cannot be written into the OpenAPI document. */
const JsonValue: z.ZodType<unknown> = z.unknown();

export const SupersetSettings = z.strictObject({
  feature_flags: z.record(z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/), z.boolean()).default({}),
  /** Superset configuration keys with JSON values; rendered by us, never code. */
  config: z.record(z.string().regex(/^[A-Z][A-Z0-9_]{0,99}$/), JsonValue).default({}),
});
export type SupersetSettings = z.infer<typeof SupersetSettings>;

export const GitSource = z.strictObject({
  url: z
    .string()
    .max(500)
    .regex(/^(https:\/\/|ssh:\/\/|git@)[^\s]+$/, "A git URL starts with https:// or ssh://."),
  branch: z
    .string()
    .max(200)
    .regex(/^(?!-)[A-Za-z0-9._/-]+$/)
    .default("main"),
  /** Folder inside the repository that holds the DAGs; empty for its root. */
  subdirectory: z
    .string()
    .max(200)
    .regex(/^(?!.*\.\.)[A-Za-z0-9._/-]*$/)
    .default(""),
});
export type GitSource = z.infer<typeof GitSource>;

export const AirflowSettings = z.strictObject({
  /** Where tasks run; left out they run beside the scheduler. */
  executor: z.enum(airflowExecutors).optional(),
  dags: GitSource.optional(),
  /** Connection id to connection URI. */
  connections: z.record(z.string().regex(/^[A-Za-z0-9_.-]{1,200}$/), z.string().max(5000)).default({}),
  variables: z.record(z.string().min(1).max(250), z.string().max(50_000)).default({}),
});
export type AirflowSettings = z.infer<typeof AirflowSettings>;

/** The changeable part of a deployment, target-neutral. Everything the app modules read is here. */
export const DeploymentSpec = z.strictObject({
  version: z.string(),
  size: z.enum(sizeNames),
  power_state: z.enum(powerStates),
  /** Process name to copies; processes not named run their default. */
  replicas: z.record(z.string(), z.number().int().min(0).max(20)).default({}),
  /** Changing it makes every process restart (drain, then start). Opaque text, set by the restart operation. */
  restart_token: z.string().default(""),
  environment_variables: z.record(EnvironmentVariableName, z.string().max(20_000)).default({}),
  requirements: z.array(Requirement).max(100).default([]),
  superset: SupersetSettings.optional(),
  airflow: AirflowSettings.optional(),
  /** Commit or timestamp of the last DAG sync; changing it pulls the repository again. */
  dags_revision: z.string().default(""),
  /** Which of the two login roles is in use (password rotation). */
  database_login: z.enum(["a", "b"]).default("a"),
  /** How often the database password was rotated; the login in use changes each time. */
  database_rotation: z.number().int().min(0).default(0),
  /** Bench app only: how many resources the program makes. */
  bench_resources: z.number().int().min(0).max(200).optional(),
});
export type DeploymentSpec = z.infer<typeof DeploymentSpec>;

/** What never changes in a deployment's life (ON-03, ON-07, ON-29). */
export interface DeploymentIdentity {
  deploymentId: string;
  organizationId: string;
  environmentId: string;
  name: string;
  appType: AppType | typeof TEST_APP_TYPE;
  /** First label of the host, `my-superset-abc123`. */
  hostLabel: string;
}
