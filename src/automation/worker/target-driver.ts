/**
 * What a worker asks of the kind of cluster a deployment runs on. Everything Pulumi does not do: what must be there
 * before the program runs, waiting for the app afterwards, and the destroy steps that come before the stack's own.
 * Every method may be called again after a kill and finishes what an earlier call began.
 */
import type { DeploymentIdentity, DeploymentSpec } from "../../domain/deployment-spec.ts";
import type { OperationError } from "../../domain/operation.ts";
import type { CreatePhase } from "../../domain/phases.ts";
import type { TargetContext } from "../../domain/program-input.ts";
import type { StackAccess } from "../../domain/stack-access.ts";
import type { Workload } from "../../domain/workload.ts";
import type { Cluster } from "../../store/tables/places.ts";
import type { ReceiptItem } from "../../store/tables/stacks.ts";

/** One revision of one deployment on its cluster. */
export interface DeploymentContext {
  identity: DeploymentIdentity;
  cluster: Cluster;
  spec: DeploymentSpec;
  revision: number;
  /** Null for the bench app. */
  workload: Workload | null;
  /** True until the stack has a state: only then is the database made. */
  firstRun: boolean;
}

/** How a step talks to the operation it belongs to. */
export interface StepIo {
  /** Aborted when the operation is canceled or its lease is lost. */
  signal: AbortSignal;
  /** Shown as the operation's message. */
  say(message: string): void;
  phase(phase: CreatePhase): void;
  /** Rejects when the lease is no longer ours; asked right before anything that cannot be taken back. */
  checkLease(): Promise<void>;
}

export interface RecordedResource {
  urn: string;
  type: string;
  physicalId: string;
}

export interface LookUp {
  found: ReceiptItem["found"];
  /** True when what stands there carries this deployment's ownership mark. */
  ours: boolean;
  /** True when it goes together with another resource of the stack: a destroy need not take it in first. */
  goesWithAnother?: boolean;
  lookedUpBy: string;
  detail: string;
}

/** Something that carries the deployment's ownership mark. */
export interface OwnedThing {
  type: string;
  physicalId: string;
  detail: string;
}

/** A deployment that is looked for without an operation. */
export interface SoughtDeployment {
  deploymentId: string;
  environmentId: string;
}

/** What exists of many deployments of a target at one moment. */
export interface Inventory {
  /** Whether a recorded resource is there and carries its deployment's mark; undefined for types it does not look at. */
  holds(deploymentId: string, resource: Omit<RecordedResource, "urn">): boolean | undefined;
}

/** One look for everything that carries the mark: what it found, or why nobody can tell. */
export type Sweep = { lookedUpBy: string; about: string } & ({ things: OwnedThing[] } | { failure: string });

export interface TargetDriver {
  /** Brings about what the program takes for granted: a template database, the app's package. */
  prepare(deployment: DeploymentContext, io: StepIo): Promise<TargetContext>;
  /** The same facts without preparing anything: for a stack that is there, and for its end. */
  describe(deployment: DeploymentContext): Promise<TargetContext>;
  /** How the engine's providers reach the deployment's cluster; absent where that is this node. */
  access?(deployment: DeploymentContext): Promise<StackAccess>;
  /**
   * Resolves when what the engine's providers will ask answers: until then an engine could only fail. Absent where that is
   * this machine.
   * @param onWait called when it does not answer at once
   * @throws StepFailure when it stays away
   */
  untilReachable?(deployment: DeploymentContext, io: StepIo, onWait: () => void): Promise<void>;
  /** Puts the revision where the target renders it from; gives its name. */
  writeRevision(deployment: DeploymentContext, target: TargetContext): Promise<string>;
  /** Beside an `up`, until the signal: resolves with why something the engine waits for cannot come about. */
  watchEngine?(deployment: DeploymentContext, signal: AbortSignal): Promise<StepFailure>;
  /** What an `up` failed with, in the words of the part that failed; the engine's own where nobody knows more. Never rejects. */
  explain?(deployment: DeploymentContext, error: OperationError): Promise<OperationError>;
  /** Resolves when the app answers as declared, or is stopped where that is wanted. @throws StepFailure */
  waitReady(deployment: DeploymentContext, io: StepIo): Promise<void>;
  /** Ends what is left of a database login that the revision locks. */
  endLockedSessions(deployment: DeploymentContext, io: StepIo): Promise<void>;
  /** ON-46 step 1: no route, no session, no database login. */
  revokeAccess(deployment: DeploymentContext, io: StepIo): Promise<void>;
  /** Whether the app still answers as itself at its public address; false as well where nothing answers there. */
  answersPublicly?(deployment: DeploymentContext, signal: AbortSignal): Promise<boolean>;
  /** ON-46 step 2: nothing connects any more, then the database goes. */
  removeDatabaseTenant(deployment: DeploymentContext, io: StepIo): Promise<void>;
  lookUp(deployment: DeploymentContext, resource: RecordedResource): Promise<LookUp>;
  /** Everything that carries the deployment's ownership mark, whether anything recorded it or not. Never rejects. */
  findOwned(deployment: DeploymentContext): Promise<Sweep[]>;
  /**
   * What exists of the deployments of one place, looked up at once; absent where that cannot be done.
   * @throws when the place does not answer: nothing may be concluded then
   */
  takeInventory?(sought: readonly SoughtDeployment[]): Promise<Inventory>;
  /** Removes what a destroy of the stack left of it; what cannot be removed stays, and the receipt says so. */
  removeOwned(deployment: DeploymentContext, io: StepIo): Promise<void>;
  /** Copies the data of the stopped deployment, so that a failed version update can go back (TN-3). */
  restorePoint(deployment: DeploymentContext, io: StepIo): Promise<void>;
  /** Puts the copy back into the stopped deployment; harmless when there is none. */
  restore(deployment: DeploymentContext, io: StepIo): Promise<void>;
  dropRestorePoint(deployment: DeploymentContext): Promise<void>;
  /** Removes what the target still keeps of a destroyed deployment beside its resources: what it was rendered from. */
  forget(deployment: DeploymentContext): Promise<void>;
}

/** A step that cannot go on, with what the operation's reader is told. */
export class StepFailure extends Error {
  override readonly name = "StepFailure";
  readonly error: OperationError;

  constructor(error: OperationError, options?: ErrorOptions) {
    super(error.message, options);
    this.error = error;
  }
}
