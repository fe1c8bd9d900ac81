/** The generation of a stack: it only grows, and the trigger on Pulumi's state compares every write with it. */
import { sql } from "kysely";
import type { Scoped } from "../../store/database.ts";

export interface FenceRequest {
  stackName: string;
  operationId: string;
  /** The new generation is this, or higher where the stack has seen more. */
  atLeast: number;
}

/**
 * Raises the generation, holding the fence row until the transaction ends: no older write commits after that.
 * @returns the new generation
 */
export async function raiseFence(db: Scoped, { stackName, operationId, atLeast }: FenceRequest): Promise<number> {
  await sql`INSERT INTO stack_fences (stack_name, generation) VALUES (${stackName}, 0)
    ON CONFLICT (stack_name) DO NOTHING`.execute(db);
  const fence = await db
    .selectFrom("stack_fences")
    .select("generation")
    .where("stack_name", "=", stackName)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const generation = Math.max(fence.generation + 1, atLeast);
  await db
    .updateTable("stack_fences")
    .set({ generation, operation_id: operationId, updated_at: sql<Date>`now()` })
    .where("stack_name", "=", stackName)
    .execute();
  return generation;
}

/** Whether the stack is still at this generation. */
export async function fenceHolds(db: Scoped, stackName: string, generation: number): Promise<boolean> {
  const fence = await db
    .selectFrom("stack_fences")
    .select("generation")
    .where("stack_name", "=", stackName)
    .executeTakeFirst();
  return fence?.generation === generation;
}

/** The same, and it stays so until the transaction ends: a bump waits for it. */
export async function holdFence(db: Scoped, stackName: string, generation: number): Promise<boolean> {
  const fence = await db
    .selectFrom("stack_fences")
    .select("generation")
    .where("stack_name", "=", stackName)
    .forShare()
    .executeTakeFirst();
  return fence?.generation === generation;
}
