/** What the provider host tells, and asks, whoever runs it. */
import type { StackAccess } from "../../domain/stack-access.ts";

/** One run of the Pulumi CLI for one operation. */
export interface Run {
  operationId: string;
  /** The lease generation the operation was started under. */
  generation: number;
  stackName: string;
  workDir: string;
  access?: StackAccess | undefined;
}

/** What is about to come into being, or just did. */
export interface CreateIntent {
  operationId: string;
  generation: number;
  stackName: string;
  urn: string;
  type: string;
  /** The id the resource will have; the same each time for the same inputs. */
  physicalName: string;
}

export type SideEffect = "create" | "update" | "delete";

/** Places around each side effect where a caller may look in, or hold the host up. */
export type SideEffectPoint = "before-call" | "after-side-effect";

export interface SideEffectMoment {
  run: Run;
  effect: SideEffect;
  urn: string;
  type: string;
  physicalName: string;
}

export interface ProviderHooks {
  /** Must have committed the intent when it resolves; what it throws refuses the create. */
  beforeCreate(intent: CreateIntent): Promise<void>;
  /** Called after the side effect, before the engine hears of it. */
  afterCreate(intent: CreateIntent): Promise<void>;
  /** Throws when the run's generation is no longer the current one. Asked before every create, update and delete. */
  checkFence(run: Run): Promise<void>;
  /** Awaited at each point; nothing waits when it is not given. */
  atPoint?(point: SideEffectPoint, moment: SideEffectMoment): Promise<void>;
}
