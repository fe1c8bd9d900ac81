/** What the provider host asks before each side effect: is the generation current, and is the create written down? */
import type { Scoped, Store } from "../../store/database.ts";
import { fenceHolds, holdFence } from "../operations/fence.ts";

interface FencedRun {
  operationId: string;
  generation: number;
  stackName: string;
}

interface IntentRequest extends FencedRun {
  urn: string;
  type: string;
  physicalName: string;
}

export interface FenceHooks {
  beforeCreate(intent: IntentRequest): Promise<void>;
  afterCreate(intent: IntentRequest): Promise<void>;
  checkFence(run: FencedRun): Promise<void>;
}

/** Makes the hooks over the control plane's database. */
export function createFenceHooks(store: Store): FenceHooks {
  return {
    async beforeCreate({ operationId, generation, stackName, urn, type, physicalName }) {
      await store.asPlatform(async (db) => {
        // Under the fence's lock: whoever slept since it was asked must not write over its successor's intent.
        await requireFence(db, { operationId, generation, stackName }, holdFence);
        await db
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
          .execute();
      });
    },
    // The row stays until the engine's state is known to hold the resource: see settleIntents.
    afterCreate: async () => undefined,
    checkFence: (run) => store.asPlatform((db) => requireFence(db, run, fenceHolds)),
  };
}

async function requireFence(
  db: Scoped,
  { operationId, generation, stackName }: FencedRun,
  holds: typeof fenceHolds,
): Promise<void> {
  if (await holds(db, stackName, generation)) return;
  throw new Error(`Operation ${operationId} lost its lease: generation ${generation} of ${stackName} was replaced.`);
}
