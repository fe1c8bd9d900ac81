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
      const run = runFor(connection, request.urn, runs);
      if (run === null) {
        throw new Error(
          `No operation is running for stack ${stackOfUrn(request.urn)}, so nothing of it may be changed. ` +
            "Use the onvera command, or `onvera pulumi` for the plain CLI.",
        );
      }
      return runs.track(run, `${request.type} ${request.physicalName}`, async () => {
        if (connection.canceled) throw new Error("The operation was canceled before this step began.");
        await hooks.checkFence(run);
        const intent: CreateIntent = {
          operationId: run.operationId,
          generation: run.generation,
          stackName: run.stackName,
          urn: request.urn,
          type: request.type,
          physicalName: request.physicalName,
        };
        if (request.effect === "create") await hooks.beforeCreate(intent);
        await hooks.atPoint?.("before-call", { run, ...request });
        const result = await deed(run);
        await hooks.atPoint?.("after-side-effect", { run, ...request });
        if (request.effect === "create") await hooks.afterCreate(intent);
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
