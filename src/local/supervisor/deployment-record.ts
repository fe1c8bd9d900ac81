/** What the supervisor remembers of a deployment: enough to bring it back after a reboot with nothing else running. */
import { z } from "zod";
import { WorkloadJob, WorkloadProcess } from "../../domain/workload.ts";

/** The parts of a revision that a process or job is rendered with. */
const RenderContext = z.object({
  revision: z.string(),
  host: z.string(),
  publicUrl: z.string(),
  size: z.string(),
  env: z.record(z.string(), z.string()),
});
export type RenderContext = z.infer<typeof RenderContext>;

const ProcessDefinition = z.object({
  process: WorkloadProcess,
  context: RenderContext,
  /** Whether the whole deployment is stopped; the wanted replicas are then 0. */
  stopped: z.boolean(),
  frontDoor: z.object({ port: z.string(), path: z.string(), expectStatus: z.number() }).nullable(),
  /** Hash of all that makes a restart necessary when it changes. */
  fingerprint: z.string(),
});
export type ProcessDefinition = z.infer<typeof ProcessDefinition>;

const JobRecord = z.object({
  job: WorkloadJob,
  runId: z.string(),
  state: z.enum(["running", "done"]),
  exitCode: z.number().int().nullable(),
  startedAt: z.number(),
  endedAt: z.number().nullable(),
  /** Why the supervisor ended it, when it did. */
  endedBecause: z.string().nullable(),
});
export type JobRecord = z.infer<typeof JobRecord>;

export const DeploymentRecord = z.object({
  deploymentId: z.string(),
  uid: z.number().int(),
  gid: z.number().int(),
  home: z.string(),
  ports: z.record(z.string(), z.number().int()),
  package: z.object({ lock: z.string(), extraRequirements: z.array(z.string()), folder: z.string() }).nullable(),
  secretsDigest: z.string(),
  filesDigest: z.string(),
  /** Paths below the config folder that we wrote. */
  files: z.array(z.string()),
  processes: z.record(z.string(), ProcessDefinition),
  jobs: z.record(z.string(), JobRecord),
  sourceCommit: z.string().nullable(),
});
export type DeploymentRecord = z.infer<typeof DeploymentRecord>;

/** One started process, as written before and after it starts. */
export const RunRecord = z.object({
  runId: z.string(),
  deploymentId: z.string(),
  /** Log name: the process's name, or `job-<name>`. */
  name: z.string(),
  replica: z.number().int(),
  kind: z.enum(["process", "job"]),
  fingerprint: z.string(),
  restarts: z.number().int(),
  /** Null between the decision to start and the start: then only the mark can find it. */
  identity: z.object({ pid: z.number().int(), startTime: z.string(), bootId: z.string() }).nullable(),
  startedAt: z.number(),
  /** Whether it has answered its readiness probe: whoever takes it over need not wait for that again. */
  ready: z.boolean().default(false),
});
export type RunRecord = z.infer<typeof RunRecord>;
