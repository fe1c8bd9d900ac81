/** Check, Diff, Create, Read, Update and Delete for one package, on plain values. */
import type { StackAccess } from "../../domain/stack-access.ts";
import type { Connection } from "./connection.ts";
import { stackOfUrn, typeOfUrn } from "./connection.ts";
import { type Difference, difference } from "./difference.ts";
import type { Run, SideEffect } from "./hooks.ts";
import type { ProviderPackage } from "./provider-package.ts";
import type { CallContext, InputFailure, KnownState, LiveResource, ResourceHandler } from "./resource-handler.ts";
import { withoutMarks } from "./resource-handler.ts";
import type { SideEffectRequest, SideEffects } from "./side-effects.ts";
import { hasUnknown, UNKNOWN, type Values } from "./values.ts";

export interface DiffResult extends Difference {
  deleteBeforeReplace: boolean;
}

export interface ResourceCalls {
  handler(urn: string): ResourceHandler;
  check(urn: string, inputs: Values): InputFailure[];
  diff(
    connection: Connection,
    request: { urn: string; id: string; known: KnownState; inputs: Values; ignoreChanges: readonly string[] },
  ): Promise<DiffResult>;
  create(
    connection: Connection,
    urn: string,
    inputs: Values,
    preview: boolean,
  ): Promise<{ id: string; outputs: Values }>;
  read(connection: Connection, urn: string, id: string, known: KnownState | null): Promise<LiveResource | null>;
  update(
    connection: Connection,
    request: { urn: string; id: string; known: KnownState; inputs: Values; preview: boolean },
  ): Promise<Values>;
  delete(connection: Connection, urn: string, id: string, known: KnownState): Promise<void>;
}

/**
 * Binds the package's handlers to the path side effects take.
 * @param accessOf how a stack that has no run here is reached: lines that only read
 */
export function createResourceCalls(
  provider: ProviderPackage,
  sideEffects: SideEffects,
  accessOf: (stackName: string) => StackAccess | undefined,
): ResourceCalls {
  const handlers = new Map(provider.handlers.map((handler) => [handler.type, handler]));

  const handlerOf = (urn: string): ResourceHandler => {
    const handler = handlers.get(typeOfUrn(urn));
    if (handler !== undefined) return handler;
    throw new Error(
      `Resource type ${typeOfUrn(urn)} is not served here. Provider ${provider.name} serves ${[...handlers.keys()].join(", ")}.`,
    );
  };
  const contextOf = (connection: Connection, urn: string, run: Run | null): CallContext => ({
    urn,
    stackName: stackOfUrn(urn),
    config: connection.config,
    access: (run ?? connection.run)?.access ?? accessOf(stackOfUrn(urn)),
    run,
    abandoned: connection.closed,
  });

  return {
    handler: handlerOf,
    check: (urn, inputs) => handlerOf(urn).check(inputs),

    diff: async (connection, { urn, id, known, inputs, ignoreChanges }) => {
      const handler = handlerOf(urn);
      const context = contextOf(connection, urn, null);
      const unsure = unreadInputs(handler, known, inputs);
      const result = difference(handler, known.inputs, inputs, [...ignoreChanges, ...unsure]);
      const mayAsk = unsure.length > 0 && !connection.imports.has(urn) && !hasUnknown(inputs);
      if (mayAsk && (await handler.verify?.(id, inputs, context)) !== true) {
        for (const key of unsure) result.changes.set(key, "update");
      }
      const deleteBeforeReplace = result.replaces.length > 0 && handler.physicalName(inputs, context) === id;
      return { ...result, deleteBeforeReplace };
    },

    create: async (connection, urn, inputs, preview) => {
      const handler = handlerOf(urn);
      const context = contextOf(connection, urn, null);
      const physicalName = handler.physicalName(inputs, context);
      if (preview) return { id: physicalName ?? "", outputs: previewOutputs(handler, inputs) };
      const request = sideEffect("create", urn, handler, physicalName ?? urn);
      return sideEffects.perform(connection, request, async (run) => {
        const created = await handler.create(inputs, contextOf(connection, urn, run));
        return { id: created.id, outputs: { ...handler.normalize(inputs), ...created.outputs } };
      });
    },

    read: async (connection, urn, id, known) => {
      const live = await handlerOf(urn).read(id, known, contextOf(connection, urn, null));
      if (live === null) return null;
      if (known === null) {
        connection.imports.add(urn);
        return { ...live, outputs: { ...live.outputs, [IMPORTED_MARK]: true } };
      }
      const stillWanted = Object.entries(live.inputs).filter(([key]) => known.inputs[key] !== undefined);
      const mark = known.outputs[IMPORTED_MARK] === true ? { [IMPORTED_MARK]: true } : {};
      return { inputs: { ...known.inputs, ...Object.fromEntries(stillWanted) }, outputs: { ...live.outputs, ...mark } };
    },

    update: async (connection, { urn, id, known, inputs, preview }) => {
      const handler = handlerOf(urn);
      if (preview) return { ...known.outputs, ...previewOutputs(handler, inputs) };
      const request = sideEffect("update", urn, handler, id);
      return sideEffects.perform(connection, request, async (run) => {
        const outputs = await handler.update(id, inputs, known, contextOf(connection, urn, run));
        return { ...handler.normalize(inputs), ...outputs };
      });
    },

    delete: async (connection, urn, id, known) => {
      const handler = handlerOf(urn);
      const request = sideEffect("delete", urn, handler, id);
      await sideEffects.perform(connection, request, (run) =>
        handler.delete(id, known, contextOf(connection, urn, run)),
      );
    },
  };
}

/** On a resource whose state came from an import, until an update has written it anew. */
const IMPORTED_MARK = "__imported";

/** Inputs an import could not read back, so that only the program says what they are. */
function unreadInputs(handler: ResourceHandler, known: KnownState, inputs: Values): string[] {
  if (known.outputs[IMPORTED_MARK] !== true) return [];
  return (handler.unreadable ?? []).filter((key) => known.inputs[key] === undefined && inputs[key] !== undefined);
}

const previewOutputs = (handler: ResourceHandler, inputs: Values): Values => ({
  ...Object.fromEntries((handler.computed ?? []).map((key) => [key, UNKNOWN])),
  ...withoutMarks(inputs),
});

const sideEffect = (
  effect: SideEffect,
  urn: string,
  handler: ResourceHandler,
  physicalName: string,
): SideEffectRequest => ({
  effect,
  urn,
  type: handler.type,
  physicalName,
  withIntent: handler.stateOnly !== true,
});
