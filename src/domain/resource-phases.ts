/** Which lifecycle phase each resource belongs to, and how a running operation's phase follows from them (TN-6). */
import { type CreatePhase, createPhases, laterPhase } from "./phases.ts";

/** Type token to phase. Components and providers stand for nothing of their own and are left out. */
const phaseOfType: Readonly<Record<string, CreatePhase>> = {
  "random:index/randomPassword:RandomPassword": "initializing",
  "postgresql:index/role:Role": "provisioning_db",
  "postgresql:index/database:Database": "provisioning_db",
  "postgresql:index/grant:Grant": "provisioning_db",
  "onvera:local:Identity": "provisioning_infra",
  "onvera:local:Ports": "provisioning_infra",
  "onvera:local:Secrets": "provisioning_infra",
  "onvera:local:Package": "bootstrapping_app",
  "onvera:local:Files": "bootstrapping_app",
  "onvera:local:Source": "bootstrapping_app",
  "onvera:local:Job": "bootstrapping_app",
  "onvera:local:Process": "bootstrapping_app",
  "onvera:local:Route": "configuring_subdomain",
  "kubernetes:core/v1:Namespace": "provisioning_infra",
  "kubernetes:core/v1:ServiceAccount": "provisioning_infra",
  "kubernetes:core/v1:ResourceQuota": "provisioning_infra",
  "kubernetes:core/v1:LimitRange": "provisioning_infra",
  "kubernetes:networking.k8s.io/v1:NetworkPolicy": "provisioning_infra",
  "kubernetes:core/v1:PersistentVolumeClaim": "provisioning_infra",
  "kubernetes:core/v1:Secret": "provisioning_infra",
  "kubernetes:core/v1:Service": "provisioning_infra",
  "kubernetes:policy/v1:PodDisruptionBudget": "provisioning_infra",
  "kubernetes:batch/v1:Job": "bootstrapping_app",
  "kubernetes:apps/v1:Deployment": "bootstrapping_app",
  "kubernetes:networking.k8s.io/v1:Ingress": "configuring_subdomain",
  "onvera:bench:Item": "provisioning_infra",
};

/** Names the phase of a Kubernetes object that belongs to another one than its type says: a job's. */
export const PHASE_ANNOTATION = "onvera.dev/phase";

const knownPhases: ReadonlySet<string> = new Set(createPhases);
const isPhase = (word: unknown): word is CreatePhase => typeof word === "string" && knownPhases.has(word);

/**
 * The phase a resource belongs to.
 * @param type type token as engine events carry it
 * @param inputs the resource's inputs; one that names a phase itself (a job) decides with its `phase`
 * @returns undefined for what has no phase: components, providers, the stack
 */
export function resourcePhase(type: string, inputs: Readonly<Record<string, unknown>> = {}): CreatePhase | undefined {
  const phase = Object.hasOwn(phaseOfType, type) ? phaseOfType[type] : undefined;
  const named = inputs.phase ?? annotatedPhase(inputs);
  return phase !== undefined && isPhase(named) ? named : phase;
}

/** A Kubernetes object has no inputs of ours; its annotations are. */
function annotatedPhase({ metadata }: Readonly<Record<string, unknown>>): unknown {
  const annotations =
    typeof metadata === "object" && metadata !== null && "annotations" in metadata && metadata.annotations;
  return typeof annotations === "object" && annotations !== null && PHASE_ANNOTATION in annotations
    ? annotations[PHASE_ANNOTATION]
    : undefined;
}

export interface PhaseView {
  /** Phases of the resources that were seen to begin and not yet to end. */
  unfinished: Iterable<CreatePhase>;
  /** The phase shown last. */
  previous: CreatePhase;
  /** Whether the app was seen to answer. Until then the URL is not "being set up": the app still is. */
  healthy: boolean;
}

/** The phase to show now: the lowest unfinished one, never going back within an attempt (TN-6). */
export function currentPhase({ unfinished, previous, healthy }: PhaseView): CreatePhase {
  const open = new Set(unfinished);
  const lowest = createPhases.find((phase) => open.has(phase)) ?? previous;
  return lowest === "configuring_subdomain" && !healthy ? previous : laterPhase(createPhases, previous, lowest);
}
