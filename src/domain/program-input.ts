/** Everything the Pulumi program of one deployment reads: plain JSON, made by the worker, sent to the runner or kept in ONVERA_SPEC_FILE. */
import { z } from "zod";
import { AppType, type DeploymentIdentity, DeploymentSpec, TEST_APP_TYPE } from "./deployment-spec.ts";
import { KubernetesPlace } from "./kubernetes-place.ts";
import { Workload } from "./workload.ts";

/** Name of a secret as workloads and files know it. */
const SecretName = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, "A secret's name is lower-case letters, digits and underscores.");

const Identity = z.strictObject({
  deploymentId: z.string(),
  organizationId: z.string(),
  environmentId: z.string(),
  name: z.string(),
  appType: z.union([AppType, z.literal(TEST_APP_TYPE)]),
  hostLabel: z.string(),
}) satisfies z.ZodType<DeploymentIdentity>;

/** Facts every kind of cluster has. */
const sharedContext = {
  /** The database server as the app reaches it. */
  databaseHost: z.string(),
  databasePort: z.number().int().min(1).max(65_535),
  /** Pre-migrated database to clone; null starts from an empty one. Read at creation only. */
  templateDatabase: z.string().nullable(),
  /** Full host name, `my-superset-abc123.localhost`. */
  host: z.string(),
  publicUrl: z.string(),
};

/**
 * Where the deployment goes: facts of the cluster, none of them chosen by the customer. A new target adds its member
 * here and its folder in src/stacks/targets.
 */
export const TargetContext = z.discriminatedUnion("target", [
  z.strictObject({ target: z.literal("local"), ...sharedContext }),
  z.strictObject({ target: z.literal("kubernetes"), ...sharedContext, kubernetes: KubernetesPlace }),
]);
export type TargetContext = z.infer<typeof TargetContext>;
/** Kinds of cluster a program can render for. */
export type TargetKind = TargetContext["target"];

export const ProgramOptions = z.strictObject({
  /** False only in the run that destroys the deployment. */
  protect: z.boolean(),
  /** Logical name or URN to the id of something that exists already: imported instead of created, for one run (NH-03). */
  adopt: z.record(z.string(), z.string()),
  /** The login processes still use while they are handed over to the spec's own; for that run only. */
  keepLogin: DeploymentSpec.pick({ database_login: true, database_rotation: true }).optional(),
});
export type ProgramOptions = z.infer<typeof ProgramOptions>;

export const ProgramInput = z.strictObject({
  identity: Identity,
  spec: DeploymentSpec,
  /** Name of the revision file the target renders from. */
  revision: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  /** Null for the bench app only. */
  workload: Workload.nullable(),
  /** Long-lived keys (Fernet, SECRET_KEY) by name, in clear: they outlive the stack, so the stack never makes them (NH-07). */
  custody: z.record(SecretName, z.string()),
  context: TargetContext,
  options: ProgramOptions,
});
export type ProgramInput = z.infer<typeof ProgramInput>;
