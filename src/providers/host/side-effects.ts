/** The one path every create, update and delete takes: run, fence, intent, deed, receipt. */
import type { Connection } from "./connection.ts";
import { stackOfUrn } from "./connection.ts";
import type { CreateIntent, ProviderHooks, Run, SideEffect } from "./hooks.ts";
import type { RunRegistry } from "./run-registry.ts";

export interface SideEffectRequest {
  effect: SideEffect;
  urn: string;
  type: string;
  physicalName: string;
  /** Whether the intent of a create is kept before it begins. */
  withIntent: boolean;
}

export interface SideEffects {
  perform<Result>(
    connection: Connection,
    request: SideEffectRequest,
    deed: (run: Run) => Promise<Result>,
  ): Promise<Result>;
}

/**
 * @throws Error when the connection was canceled, when no run of the stack is registered, or when the fence or the
 * intent refuses; the deed is not begun then.
 */
export function createSideEffects(runs: RunRegistry, hooks: ProviderHooks): SideEffects {
  return {
    perform: async (connection, request, deed) => {
      const { effect, urn, type, physicalName } = request;
      const run = runFor(connection, urn, runs);
      if (run === null) {
        throw new Error(
          `No operation is running for stack ${stackOfUrn(urn)}, so nothing of it may be changed. ` +
            "Use the onvera command, or `onvera pulumi` for the plain CLI.",
        );
      }
      return runs.track(run, `${type} ${physicalName}`, async () => {
        if (connection.canceled) throw new Error("The operation was canceled before this step began.");
        await hooks.checkFence(run);
        const intent: CreateIntent = {
          operationId: run.operationId,
          generation: run.generation,
          stackName: run.stackName,
          urn,
          type,
          physicalName,
        };
        const withIntent = effect === "create" && request.withIntent;
        const moment = { run, effect, urn, type, physicalName };
        if (withIntent) await hooks.beforeCreate(intent);
        await hooks.atPoint?.("before-call", moment);
        const result = await deed(run);
        await hooks.atPoint?.("after-side-effect", moment);
        if (withIntent) await hooks.afterCreate(intent);
        return result;
      });
    },
  };
}

/** The run the connection belongs to; it stays that of the time the connection first named its stack. */
export function runFor(connection: Connection, urn: string, runs: RunRegistry): Run | null {
  const stackName = stackOfUrn(urn);
  if (connection.run?.stackName !== stackName) connection.run = runs.find(stackName);
  return connection.run;
}
