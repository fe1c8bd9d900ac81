/** What the provider host asks before each side effect: is the generation current, and is the create written down? */
import type { Store } from "../../store/database.ts";
import { fenceHolds } from "../operations/fence.ts";

interface IntentRequest {
  operationId: string;
  generation: number;
  stackName: string;
  urn: string;
  type: string;
  physicalName: string;
}

export interface FenceHooks {
  beforeCreate(intent: IntentRequest): Promise<void>;
  afterCreate(intent: IntentRequest): Promise<void>;
  checkFence(run: { operationId: string; generation: number; stackName: string }): Promise<void>;
}

/** Makes the hooks over the control plane's database. */
export function createFenceHooks(store: Store): FenceHooks {
  return {
    async beforeCreate({ operationId, generation, stackName, urn, type, physicalName }) {
      await store.asPlatform((db) =>
        db
          .insertInto("create_intents")
          .values({
            stack_name: stackName,
            urn,
            type,
            physical_name: physicalName,
            operation_id: operationId,
            generation,
          })
          .onConflict((conflict) =>
            conflict.columns(["stack_name", "urn"]).doUpdateSet({
              type,
              physical_name: physicalName,
              operation_id: operationId,
              generation,
              settled_at: null,
            }),
          )
          .execute(),
      );
    },
    // The row stays until the engine's state is known to hold the resource: see settleIntents.
    afterCreate: async () => undefined,
    async checkFence({ operationId, generation, stackName }) {
      if (await store.asPlatform((db) => fenceHolds(db, stackName, generation))) return;
      throw new Error(
        `Operation ${operationId} lost its lease: generation ${generation} of ${stackName} was replaced.`,
      );
    },
  };
}
