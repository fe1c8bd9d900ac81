/**
 * Inputs, and what comes of them, of every resource type of the `onvera` package: the agreement between the resource classes
 * (resources.ts) and the provider that serves them.
 *
 * `revision` names the revision file the supervisor reads. A new revision alone is no change: `digest`, made by the
 * program over exactly the part of the workload the resource depends on, decides. So an unchanged process stays `same`
 * when another part of the deployment moved on.
 */
import { z } from "zod";
import { PackageBody, PortsBody, RevisionBody, SecretsBody } from "../../local/supervisor/protocol.ts";

const Deployment = z.strictObject({ deploymentId: z.string().min(1) });
const revision = RevisionBody.shape.revision;
/** Any text that changes when, and only when, the resource has something new to do. */
const digest = z.string().min(1).max(200);
const PartName = z.string().regex(/^[a-z][a-z0-9-]{0,30}$/);

/** Gives `uid` and `home`. */
export const IdentityInputs = Deployment;

/** Values are secret whether or not the program marked them. */
export const SecretsInputs = Deployment.extend({ secrets: SecretsBody.shape.secrets });

/** Gives `ports`: name to number. */
export const PortsInputs = Deployment.extend({ names: PortsBody.shape.names });

export const PackageInputs = Deployment.extend(PackageBody.shape);

export const FilesInputs = Deployment.extend({ revision, digest });

/** Fetches the workload's git source; a new digest fetches again. Gives the `commit` it is at. */
export const SourceInputs = Deployment.extend({ revision, digest });

/**
 * Runs, and is awaited, when made and whenever the digest changes; the digest covers the job's run key. Gives `exitCode`
 * and `durationMilliseconds`.
 */
export const JobInputs = Deployment.extend({
  name: PartName,
  revision,
  digest,
  /** The operation phase shown while it runs (TN-6); read from engine events, of no meaning to the provider. */
  phase: z.string().max(60).optional(),
});

/** Wanted state of one process. Not awaited: readiness is looked at outside the engine. */
export const ProcessInputs = Deployment.extend({ name: PartName, revision, digest });

export const RouteInputs = Deployment.extend({ host: z.string().min(1).max(253), port: z.string().min(1) });

/** One small, real side effect (a ledger file) for benchmarks and crash tests. `name` is unique within the stack. */
export const BenchItemInputs = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,60}$/),
  /** Bytes of payload in the ledger file. */
  size: z.number().int().min(0).max(1_000_000),
  /** How long making or changing it takes at least. */
  delayMilliseconds: z.number().int().min(0).max(60_000).default(0),
});

/** Type tokens by short name, used by both sides. */
export const onveraTypes = {
  identity: "onvera:local:Identity",
  secrets: "onvera:local:Secrets",
  ports: "onvera:local:Ports",
  package: "onvera:local:Package",
  files: "onvera:local:Files",
  source: "onvera:local:Source",
  job: "onvera:local:Job",
  process: "onvera:local:Process",
  route: "onvera:local:Route",
  benchItem: "onvera:bench:Item",
} as const;
