/**
 * What an app needs to run, said without naming where it runs. An app module (src/stacks/apps) turns a deployment spec
 * into one of these; a target (src/stacks/targets) renders it as supervised processes, pods or whatever it has.
 */
import { z } from "zod";

/**
 * A string with references the target fills in when it renders the workload:
 *
 *   {{port:web}}          the port of the named process port
 *   {{host:api-server}}   where the deployment's other processes reach this one
 *   {{address:listen}}    the address a process listens on
 *   {{address:proxy}}     whose word on a request's origin is taken
 *   {{dir:config}}        where `files` are placed (read-only for the app)
 *   {{dir:data}}          a folder that survives restarts and updates
 *   {{dir:logs}}          a folder for log files the app writes itself
 *   {{dir:package}}       the installed app (a virtual environment or an image's root)
 *   {{secret-file:NAME}}  path of a 0600 file that holds the secret
 *   {{secret:NAME}}       the secret's value; allowed in `files` only, which makes that file 0600
 *   {{url:public}}        the deployment's public URL
 *   {{size:workers}}      a number from the size table
 *   {{pods:namespace}}    where the app makes pods of its own (`taskPods` only)
 */
export const TemplateString = z.string().max(200_000);

/** When a process counts as alive or ready. Paths are asked over HTTP at 127.0.0.1 with the public Host header. */
export const Probe = z.strictObject({
  kind: z.enum(["http", "command", "heartbeat"]),
  /** http: request path. heartbeat: absolute template path of a file the process touches. */
  path: TemplateString.optional(),
  /** http: name of the port to ask. */
  port: z.string().optional(),
  /** command: argv, exit 0 means good. */
  command: z.array(TemplateString).optional(),
  periodSeconds: z.number().positive(),
  timeoutSeconds: z.number().positive(),
  /** How long after start failures are expected. */
  startupGraceSeconds: z.number().nonnegative(),
  /** Failures in a row before the verdict changes. */
  failureThreshold: z.number().int().positive(),
});
export type Probe = z.infer<typeof Probe>;

export const WorkloadPort = z.strictObject({ name: z.string().regex(/^[a-z][a-z0-9-]{0,14}$/) });

/** A long-running part of the app. `replicas` copies run; copy 0 alone owns the named ports unless `portPerReplica`. */
export const WorkloadProcess = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  command: z.array(TemplateString).min(1),
  env: z.record(z.string(), TemplateString).default({}),
  replicas: z.number().int().nonnegative(),
  /** Whether a person may change `replicas`. A scheduler that must be single says false. */
  scalable: z.boolean(),
  ports: z.array(WorkloadPort).default([]),
  cpu: z.number().positive(),
  memoryMegabytes: z.number().int().positive(),
  /** Asked before the other two, where the target starts processes apart from asking them; else `liveness` is. */
  startup: Probe.optional(),
  liveness: Probe.optional(),
  readiness: Probe.optional(),
  /** Time between the polite signal and the hard one. */
  gracePeriodSeconds: z.number().positive(),
});
export type WorkloadProcess = z.infer<typeof WorkloadProcess>;

/** Work that must have ended well before the processes start: migrations, roles, the first admin. */
export const WorkloadJob = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  command: z.array(TemplateString).min(1),
  env: z.record(z.string(), TemplateString).default({}),
  /** JSON given on stdin, with {{secret:NAME}} references filled in; secrets never stand in argv or environment. */
  stdin: TemplateString.optional(),
  /** The job runs again when this text changes (for example the version, or a hash of what it sets). */
  runKey: z.string(),
  /** The operation phase shown while it runs. */
  phase: z.string(),
  deadlineSeconds: z.number().positive(),
});
export type WorkloadJob = z.infer<typeof WorkloadJob>;

export const WorkloadFile = z.strictObject({
  /** Relative to {{dir:config}}; no `..`. */
  path: z.string().regex(/^(?!.*\.\.)[A-Za-z0-9_][A-Za-z0-9_./-]{0,200}$/),
  content: TemplateString,
  executable: z.boolean().default(false),
});
export type WorkloadFile = z.infer<typeof WorkloadFile>;

/** Pods that the app itself makes, one for each task, from a template that the target writes beside the app's files. */
export const WorkloadTaskPods = z.strictObject({
  /** The process that makes them: the only one that may ask the cluster for anything. */
  madeBy: z.string(),
  /** Where the template lies below {{dir:config}}. */
  template: z.string().regex(/^[a-z][a-z0-9.-]{0,60}$/),
  /** How the app calls the container whose arguments it fills in. */
  container: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  /** Which of `files` they see. Of the secrets they get none. */
  files: z.array(z.string()),
  env: z.record(z.string(), TemplateString).default({}),
  cpu: z.number().positive(),
  memoryMegabytes: z.number().int().positive(),
  /** As many at the same moment, at most. */
  most: z.number().int().positive(),
  gracePeriodSeconds: z.number().positive(),
});
export type WorkloadTaskPods = z.infer<typeof WorkloadTaskPods>;

/** How the app's code is had: a locked Python requirement set (local) and an image by digest (clusters). */
export const WorkloadPackage = z.strictObject({
  /** Folder below apps/, for example `superset/6.1.0`, that holds requirements.lock. */
  lock: z.string().regex(/^[a-z]+\/[0-9][0-9a-z.]*$/),
  /** Extra requirements of this deployment, resolved against the lock, installed in an overlay. */
  extraRequirements: z.array(z.string()).default([]),
});
export type WorkloadPackage = z.infer<typeof WorkloadPackage>;

export const Workload = z.strictObject({
  app: z.string(),
  version: z.string(),
  package: WorkloadPackage,
  files: z.array(WorkloadFile),
  env: z.record(z.string(), TemplateString),
  /** Names of the secrets the references above use. */
  secrets: z.array(z.string()),
  jobs: z.array(WorkloadJob),
  processes: z.array(WorkloadProcess),
  taskPods: WorkloadTaskPods.optional(),
  /** The front door: which process and port the public URL leads to. */
  frontDoor: z.strictObject({ process: z.string(), port: z.string() }),
  /** Proof that the app is up: this path at the front door answers this status. */
  health: z.strictObject({ path: z.string(), expectStatus: z.number().int() }),
  /** Content of a git repository kept in sync below {{dir:data}}. */
  gitSource: z
    .strictObject({
      url: z.string(),
      branch: z.string(),
      subdirectory: z.string(),
      into: z.string(),
      revision: z.string(),
    })
    .optional(),
});
export type Workload = z.infer<typeof Workload>;

/** Finds every reference in a template string. */
const REFERENCE = /\{\{([a-z-]+):([a-zA-Z0-9_-]+)\}\}/g;

/** Looks a reference up: kind and name in, text out; undefined when it is not known. */
export type ReferenceLookup = (kind: string, name: string) => string | undefined;

/**
 * Fills the references of a template string.
 * @throws Error naming the reference when the lookup does not know it; a half-rendered file is never written.
 */
export function renderTemplate(template: string, lookup: ReferenceLookup): string {
  return template.replace(REFERENCE, (whole, kind: string, name: string) => {
    const value = lookup(kind, name);
    if (value === undefined) throw new Error(`Unknown reference ${whole}`);
    return value;
  });
}

/** Names of the secrets a template string reads by value. A file with any of them is written 0600. */
export function secretsIn(template: string): string[] {
  return [...template.matchAll(REFERENCE)].filter((match) => match[1] === "secret").map((match) => match[2] ?? "");
}
