/** What the steps of one running operation share: its context, its journal, its engine, its signals. */
import type { LoginTurn } from "../../domain/database-logins.ts";
import { failure } from "../../domain/failures.ts";
import type { CreatePhase, Phase } from "../../domain/phases.ts";
import { phaseMessages } from "../../domain/phases.ts";
import type { TargetContext } from "../../domain/program-input.ts";
import { secretsInAccess } from "../../domain/stack-access.ts";
import type { Custody } from "../../store/crypto/custody.ts";
import type { DataKeys } from "../../store/crypto/data-keys.ts";
import type { Store } from "../../store/database.ts";
import type { Cluster } from "../../store/tables/places.ts";
import type { ReceiptItem } from "../../store/tables/stacks.ts";
import type { AppAccess } from "../access/app-access.ts";
import type { Engine, EngineResult, EngineVerb } from "../engine.ts";
import type { EngineEvent } from "../events.ts";
import { fenceHolds } from "../operations/fence.ts";
import { plainLineError } from "../plain-cli/line-error.ts";
import type { StackState } from "../recovery/state-integrity.ts";
import { readStackState } from "../recovery/state-reader.ts";
import { noTracer, type Tracer } from "../tracing.ts";
import { watchBeside } from "./beside-engine.ts";
import type { Claim } from "./claim.ts";
import type { OperationContext, Revision } from "./context.ts";
import { createEngineSpans } from "./engine-spans.ts";
import { type Journal, LeaseLost } from "./journal.ts";
import { aboutOperation } from "./log-fields.ts";
import type { OperationTrace } from "./operation-trace.ts";
import { createPhaseTracker, type PhaseTracker } from "./phase-tracker.ts";
import { previewsFirst } from "./preview-first.ts";
import { ensureSecrets, programInput } from "./program-input.ts";
import { recordEvent } from "./record-event.ts";
import { recordDependencies } from "./resource-links.ts";
import type { RunSignals } from "./run-signals.ts";
import { watchSilence } from "./silence.ts";
import { type DeploymentContext, StepFailure, type StepIo, type TargetDriver } from "./target-driver.ts";

export interface WorkerLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  error(fields: Record<string, unknown>, message: string): void;
}

/** Rejects with an AppAccessError where the app cannot be asked. */
export type OpenApp = (deployment: DeploymentContext, signal: AbortSignal) => Promise<AppAccess>;

export interface RunServices {
  store: Store;
  engine: Engine;
  custody: Custody;
  dataKeys: DataKeys;
  /** One per kind of cluster this worker serves. */
  drivers: Readonly<Partial<Record<Cluster["kind"], TargetDriver>>>;
  log: WorkerLog;
  /** How the app of a deployment is reached by its own API; a worker that is not told syncs no access. */
  openApp?: OpenApp;
  /** @default nothing is traced */
  tracer?: Tracer;
  /** Of the attempt under way. */
  trace?: OperationTrace;
}

/** What the steps hand on to the end of the operation. */
export interface RunResults {
  outputs?: Record<string, unknown>;
  secretOutputs: Record<string, string>;
  result?: Record<string, unknown>;
  receipt?: ReceiptItem[];
  /** What `prepare` found out. */
  target?: TargetContext;
  /** True once something of the new revision may be in place, so that a failure must go back. */
  touched: boolean;
}

export interface OperationRun extends RunServices {
  driver: TargetDriver;
  claim: Claim;
  context: OperationContext;
  journal: Journal;
  phases: PhaseTracker;
  results: RunResults;
  io: StepIo;
  deploymentContext(revision: Revision): Promise<DeploymentContext>;
  /** Waits, without its slot, until the target can be asked; at once where it is this machine. @throws StepFailure */
  untilReachable(deployment: DeploymentContext): Promise<void>;
  runEngine(request: EngineRequest): Promise<EngineResult>;
  showPhase(phase: Phase): void;
}

export interface EngineRequest {
  verb: EngineVerb;
  revision: Revision;
  target: TargetContext;
  /** Name of the revision file; any for a run that renders nothing. */
  revisionName: string;
  refresh?: boolean;
  clearPendingCreates?: boolean;
  /** Only these URNs. */
  targets?: readonly string[];
  /** A login that stays enabled beside the revision's own. */
  keepLogin?: LoginTurn | undefined;
  /** False where the stack is about to go. */
  protect?: boolean;
  mayLose: readonly string[] | "all";
  argv?: readonly string[];
  onEvent?(event: EngineEvent): void;
}

/** What of its worker a run uses. */
export interface RunPlace {
  readonly signals: RunSignals;
  /** Of its lane: given to others while it only waits. */
  slot: { hold(): Promise<void>; release(): void };
}

/** Puts a run together. */
export function createRun(
  services: RunServices,
  claim: Claim,
  context: OperationContext,
  journal: Journal,
  place: RunPlace,
): OperationRun {
  const driver = services.drivers[context.cluster.kind];
  if (driver === undefined) throw new Error(`This worker does not serve ${context.cluster.kind} clusters.`);
  const firstDeploy = context.deployment.first_ready_at === null;
  const phases = createPhaseTracker("initializing", !firstDeploy);

  const showPhase = (phase: Phase) => journal.phase(phase, phaseMessages[phase]);
  const io: StepIo = {
    // Going back after a cancel runs under fresh signals.
    get signal() {
      return AbortSignal.any([place.signals.interrupt, place.signals.kill]);
    },
    say: (message) => {
      // A destroy's phases have documented messages; what it does within them goes to the log.
      if (context.type !== "deployment.destroy") journal.say(message);
      else journal.note(message);
    },
    phase: (phase: CreatePhase) => {
      for (const reached of phases.reach(phase)) showPhase(reached);
    },
    checkLease: async () => {
      const { lease, operation } = claim;
      const holds = await services.store.asPlatform((db) => fenceHolds(db, operation.resource_id, lease.generation));
      if (!holds) throw new LeaseLost(operation.id);
    },
  };

  const begun = new Map<string, number>();
  const onEvent = (verb: EngineVerb, event: EngineEvent) => {
    recordEvent(journal, { phases, begun }, event);
    // Only what brings something about has the create phases; a destroy shows its own steps.
    if (event.kind !== "resource" || verb !== "up") return;
    for (const reached of phases.see(event)) showPhase(reached);
  };

  const run: OperationRun = {
    ...services,
    driver,
    claim,
    context,
    journal,
    phases,
    results: { secretOutputs: {}, touched: wasTouched(claim.operation.step) },
    io,
    showPhase,
    deploymentContext: async (revision) => ({
      identity: context.identity,
      cluster: context.cluster,
      spec: revision.spec,
      revision: revision.number,
      workload: revision.workload,
      // A first attempt may have been killed between the stack and its database.
      firstRun: !holdsDatabase(await readStackState(services.store, context.identity.deploymentId)),
    }),
    async untilReachable(deployment) {
      await driver.untilReachable?.(deployment, io, () => place.slot.release());
      await place.slot.hold();
    },
    async runEngine(request) {
      const { operation, lease } = claim;
      const known = await ensureSecrets(services.store, services.custody, context, request.revision);
      const state = await readStackState(services.store, operation.resource_id);
      const deployment = await run.deploymentContext(request.revision);
      // An operator's line may be meant for a state whose cluster is away.
      if (request.argv === undefined) await run.untilReachable(deployment);
      const access = await driver.access?.(deployment);
      const beside = watchBeside(request.verb === "up" ? driver : {}, deployment, place.signals);
      const watch = watchSilence(beside.signals);
      const engineSpan = services.trace?.start(`pulumi ${request.verb}`, { "pulumi.stack": operation.resource_id });
      const spans = createEngineSpans(services.trace?.tracer ?? noTracer, engineSpan);
      const job = services.engine.run(
        {
          operationId: operation.id,
          generation: lease.generation,
          stackName: operation.resource_id,
          initialize: state === undefined,
          verb: request.verb,
          program: programInput(context, request.revision, {
            name: request.revisionName,
            secrets: known,
            target: request.target,
            protect: request.protect ?? true,
            keepLogin: request.keepLogin,
          }),
          ...(access === undefined ? {} : { access }),
          refresh: request.refresh ?? (request.verb === "up" && mayDiffer(context)),
          clearPendingCreates: request.clearPendingCreates ?? false,
          previewFirst:
            request.verb === "up" &&
            request.mayLose !== "all" &&
            previewsFirst(context.applied?.spec, request.revision.spec),
          mayLose: request.mayLose,
          secretsKey: known.stackKey,
          secretValues: [known.stackKey, ...Object.values(known.keys), ...(access ? secretsInAccess(access) : [])],
          targets: request.targets ?? [],
          ...(request.argv === undefined ? {} : { argv: request.argv }),
        },
        {
          onEvent: (event) => {
            watch.heard();
            spans.see(event);
            // An operator's line may do anything; it has no phases of its own.
            onEvent(request.argv === undefined ? request.verb : "refresh", event);
            request.onEvent?.(event);
          },
          onProcess: (process) => {
            // A lost lease shows at the next batch too; the engine is killed by whoever is told of it.
            journal.process(process).catch(() => undefined);
          },
          ...watch.signals,
        },
      );
      const result = await job.finally(() => {
        watch.close();
        beside.close();
        spans.end();
      });
      engineSpan?.end({ failed: result.outcome === "succeeded" ? undefined : result.outcome });
      await journal.flush();
      if (result.outcome === "succeeded") {
        if (request.verb === "up") await recordDependencies(services.store, operation.resource_id, lease);
        return result;
      }
      services.log.warn(
        { ...aboutOperation(operation), outcome: result.outcome, cli: result.cliOutput },
        "The engine did not succeed",
      );
      const found = beside.found();
      if (found !== undefined) throw found;
      if (watch.fired()) throw new StepFailure(silent);
      if (result.outcome === "interrupted") throw new Interrupted();
      if (request.argv !== undefined) throw new StepFailure(plainLineError(result));
      const error = result.error ?? failure("ENGINE_KILLED");
      throw new StepFailure((await driver.explain?.(deployment, error)) ?? error);
    },
  };
  return run;
}

/** The engine stopped because it was asked to; why is the worker's to know. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** Whether reality must be looked at before the state is believed: after a restore, and where that is what was asked for. */
const mayDiffer = ({ type, deployment }: OperationContext): boolean =>
  type === "deployment.reconcile" || deployment.refresh_needed_since !== null;

/** Whether an earlier attempt got as far as changing something. */
const wasTouched = (recorded: string | null): boolean => recorded !== null && recorded !== "prepare";

const silent = failure("TIMED_OUT", "The engine said nothing any more and was stopped.");

const holdsDatabase = (state: StackState | undefined): boolean =>
  state?.resources.some(({ type }) => type === "postgresql:index/database:Database") ?? false;
