/**
 * What may be asked of a node's supervisor over its unix socket: HTTP with JSON bodies.
 *
 * A caller names a deployment and a revision. Commands, files and environment come from the revision file the worker
 * wrote beside the socket (`<home>/revisions/<deployment_id>/<revision>.json`, mode 0600), never from the wire.
 *
 * | method and path                                    | does                                                             |
 * |----------------------------------------------------|------------------------------------------------------------------|
 * | GET    /status                                     | supervisor pid, start time, every deployment's summary           |
 * | PUT    /deployments/:id                            | reserve uid and folders (Identity)                                |
 * | DELETE /deployments/:id                            | stop all, remove folders, release uid and ports; absent is fine  |
 * | GET    /deployments/:id                            | DeploymentState; 404 when unknown                                |
 * | PUT    /deployments/:id/secrets                    | write SecretsBody as 0600 files                                  |
 * | PUT    /deployments/:id/ports                      | lease loopback ports by name, stable until released              |
 * | PUT    /deployments/:id/package                    | PackageBody: where the shared environment is; makes the overlay  |
 * | PUT    /deployments/:id/files                      | RevisionBody: render the revision's files                        |
 * | PUT    /deployments/:id/jobs/:name                 | RevisionBody: run once per run key, wait for its end (JobResult) |
 * | PUT    /deployments/:id/processes/:name            | RevisionBody: wanted state of one process; does not wait         |
 * | DELETE /deployments/:id/processes/:name            | drain and forget; absent is fine                                 |
 * | PUT    /routes/:host                               | RouteBody: the gateway leads this host to that port              |
 * | DELETE /routes/:host                               | forget; absent is fine                                           |
 * | PUT    /routes/:host/mode                          | `{mode: "open" or "closed"}`: closed answers 503 at once         |
 * | POST   /deployments/:id/source                     | RevisionBody: fetch the git source now, answer the commit        |
 * | GET    /deployments/:id/health                     | HealthReport                                                     |
 * | GET    /deployments/:id/metrics                    | MetricsReport                                                    |
 * | GET    /deployments/:id/logs?process=&tail=&follow=&after= | newline-delimited LogLine; also since, until (milliseconds), contains, stream, level |
 * | POST   /shutdown                                   | ShutdownBody: end the supervisor, and all apps only if asked     |
 *
 * Errors: `{error: {code, message}}` with 4xx for what the caller can mend and 5xx otherwise.
 */
import { z } from "zod";

export const RevisionBody = z.strictObject({ revision: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/) });

export const SecretsBody = z.strictObject({
  secrets: z.record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/), z.string()),
});

export const PortsBody = z.strictObject({ names: z.array(z.string()).max(50) });

export const PackageBody = z.strictObject({
  /** `superset/6.1.0` */
  lock: z.string(),
  extraRequirements: z.array(z.string()),
});

export const RouteBody = z.strictObject({ deploymentId: z.string(), port: z.string() });

/** Without `stopDeployments` the apps go on and the next supervisor takes them over. What is wanted is kept either way. */
export const ShutdownBody = z.strictObject({ stopDeployments: z.boolean() });

export const Identity = z.object({ deploymentId: z.string(), uid: z.number().int(), home: z.string() });
export type Identity = z.infer<typeof Identity>;

export const JobResult = z.object({
  exitCode: z.number().int().nullable(),
  /** True when an earlier run with the same run key ended well and nothing was run now. */
  alreadyDone: z.boolean(),
  durationMilliseconds: z.number(),
  /** The last lines it wrote, secrets removed. */
  lastLines: z.array(z.string()),
});
export type JobResult = z.infer<typeof JobResult>;

export const processPhases = ["stopped", "starting", "ready", "unready", "backoff", "stopping"] as const;

export const ReplicaState = z.object({
  replica: z.number().int(),
  phase: z.enum(processPhases),
  pid: z.number().int().nullable(),
  startedAt: z.string().nullable(),
  restarts: z.number().int(),
  lastExit: z.string().nullable(),
  /** The failing probe's own words. */
  reason: z.string().nullable(),
});

export const ProcessState = z.object({
  name: z.string(),
  revision: z.string(),
  wantedReplicas: z.number().int(),
  replicas: z.array(ReplicaState),
});
export type ProcessState = z.infer<typeof ProcessState>;

export const DeploymentState = z.object({
  identity: Identity,
  ports: z.record(z.string(), z.number().int()),
  processes: z.array(ProcessState),
  jobs: z.array(z.object({ name: z.string(), runKey: z.string(), exitCode: z.number().int().nullable() })),
  routes: z.array(z.object({ host: z.string(), port: z.string(), mode: z.enum(["open", "closed"]) })),
  /** What was put here and stands; a restored installation has none of it yet. Absent from older supervisors. */
  has: z.object({ secrets: z.boolean(), files: z.boolean(), package: z.boolean() }).optional(),
});
export type DeploymentState = z.infer<typeof DeploymentState>;

/** What the supervisor says of itself. */
export const SupervisorStatus = z.object({
  pid: z.number().int(),
  startedAt: z.string(),
  /** Build of the control plane that started it. */
  version: z.string(),
  gateway: z
    .object({ address: z.string(), httpPort: z.number().int(), httpsPort: z.number().int(), domain: z.string() })
    .nullable(),
  deployments: z.array(z.object({ deploymentId: z.string(), processes: z.array(ProcessState) })),
});
export type SupervisorStatus = z.infer<typeof SupervisorStatus>;

export const HealthReport = z.object({
  status: z.enum(["healthy", "starting", "degraded", "unhealthy", "stopped"]),
  /** Whether the workload's health URL answered as declared when last asked. */
  frontDoor: z.object({ ok: z.boolean(), checkedAt: z.string().nullable(), detail: z.string() }),
  processes: z.array(ProcessState),
  checkedAt: z.string(),
});
export type HealthReport = z.infer<typeof HealthReport>;

export const MetricsReport = z.object({
  at: z.string(),
  processes: z.array(
    z.object({
      name: z.string(),
      replica: z.number().int(),
      cpuSeconds: z.number(),
      cpuPercent: z.number(),
      memoryBytes: z.number(),
      restarts: z.number().int(),
    }),
  ),
  gateway: z.object({
    requests: z.number(),
    errors: z.number(),
    bytesOut: z.number(),
    latencyMilliseconds: z.object({ p50: z.number(), p95: z.number(), p99: z.number() }),
  }),
});
export type MetricsReport = z.infer<typeof MetricsReport>;

/** One line of a process's output. `seq` rises without gaps per process, across restarts and rotations. */
export const LogLine = z.object({
  seq: z.number().int(),
  at: z.string(),
  process: z.string(),
  replica: z.number().int(),
  stream: z.enum(["stdout", "stderr"]),
  text: z.string(),
});
export type LogLine = z.infer<typeof LogLine>;

/** The revision file: everything the supervisor needs to render, written by the worker. */
export const RevisionFile = z.object({
  deploymentId: z.string(),
  revision: z.string(),
  host: z.string(),
  publicUrl: z.string(),
  appType: z.string(),
  size: z.string(),
  /** True while the deployment is stopped: processes are wanted at 0 and the gateway says so. */
  stopped: z.boolean(),
  /** The spec's restart_token: when it changes, every process restarts at its next PUT. */
  restartToken: z.string().default(""),
  /** A src/domain/workload.ts Workload. */
  workload: z.unknown(),
});
export type RevisionFile = z.infer<typeof RevisionFile>;
