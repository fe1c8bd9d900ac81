/**
 * The engine as the rest of the code knows it: one job in, typed events and one result out. The worker never sees a
 * Pulumi stack, and a scripted engine can take its place in tests of what stands above it.
 */
import type { OperationError } from "../domain/operation.ts";
import type { ProgramInput } from "../domain/program-input.ts";
import type { StackAccess } from "../domain/stack-access.ts";
import type { ProcessRecord } from "../store/tables/operations.ts";
import type { EngineEvent } from "./events.ts";

export type EngineVerb = "up" | "preview" | "destroy" | "refresh";

export interface EngineJob {
  operationId: string;
  /** Of the lease; the state refuses writes of any other. Reading jobs have 0, which is never a lease's. */
  generation: number;
  stackName: string;
  /** True until the stack has a state: one more CLI process makes it. */
  initialize: boolean;
  verb: EngineVerb;
  program: ProgramInput;
  /** @default a stack on this node */
  access?: StackAccess;
  /** Read every resource first: after a kill, and where the database was dropped before its stack. */
  refresh: boolean;
  clearPendingCreates: boolean;
  /** Only these URNs; empty means the whole stack. */
  targets: readonly string[];
  /** Plan the whole run before its first step, in the same process, and stop there if it would lose data (NH-05). */
  previewFirst: boolean;
  /** Stateful URNs the request names as to be deleted or replaced; "all" for a destroy (NH-05). */
  mayLose: readonly string[] | "all";
  /** Key of the stack's secrets, 32 bytes in base64. */
  secretsKey: string;
  /** Values that must never appear in an event or a message. */
  secretValues: readonly string[];
  /** A line of the plain CLI in place of the verb: `stack.pulumi` operations. */
  argv?: readonly string[];
}

export interface EngineResult {
  outcome: "succeeded" | "failed" | "interrupted";
  /** Public outputs of the program. */
  outputs: Record<string, unknown>;
  secretOutputs: Record<string, string>;
  /** Engine operation to how many resources: `{create: 3, same: 1}`. */
  changes: Record<string, number>;
  error?: OperationError;
  /** What the CLI wrote, secrets removed: for the worker's own log, never for an answer to a customer. */
  cliOutput?: string;
  /** What an operator's line printed, secrets removed: part of that operation's result. */
  lineOutput?: string;
}

export interface EngineIo {
  onEvent(event: EngineEvent): void;
  /** Called for the runner and again for each CLI process, so that a later worker can prove that all are gone. */
  onProcess(process: ProcessRecord): void;
  /** Asks politely: running steps finish and are saved. */
  interrupt: AbortSignal;
  /** Ends the whole process group at once: the lease is lost or the grace period over. */
  kill: AbortSignal;
}

export interface Engine {
  /** Resolves when every process of the job is gone. Rejects only for faults of our own. */
  run(job: EngineJob, io: EngineIo): Promise<EngineResult>;
  close(): Promise<void>;
}
