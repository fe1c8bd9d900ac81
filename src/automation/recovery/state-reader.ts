/** Reads Pulumi's state of a stack from its table, without a CLI process; and the locks beside it. */
import { z } from "zod";
import { PROJECT_NAME } from "../../domain/names.ts";
import type { Store } from "../../store/database.ts";

const Resource = z.object({
  urn: z.string(),
  type: z.string(),
  custom: z.boolean().optional(),
  id: z.string().optional(),
  parent: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
});
export type StateResource = z.infer<typeof Resource>;

const Checkpoint = z.object({
  checkpoint: z.object({
    latest: z
      .object({
        resources: z.array(Resource).default([]),
        pending_operations: z.array(z.object({ resource: Resource, type: z.string() })).default([]),
      })
      .nullish(),
  }),
});

export interface StackState {
  resources: StateResource[];
  /** Steps that had begun when the engine was killed. */
  pending: { resource: StateResource; type: string }[];
}

/** A lock row of the CLI's backend and who took it. */
export interface StackLock {
  key: string;
  pid: number;
  hostname: string;
}

/** Gives the state, or undefined for a stack that was never initialised. */
export async function readStackState(store: Store, stackName: string): Promise<StackState | undefined> {
  const { rows } = await store.pool.query<{ data: { data: string } }>(
    "SELECT data FROM pulumi.pulumi_state WHERE key = current_database() || $1",
    [`/.pulumi/stacks/${PROJECT_NAME}/${stackName}.json`],
  );
  const row = rows[0];
  if (!row) return undefined;
  const text = Buffer.from(row.data.data, "base64").toString("utf8");
  const { latest } = Checkpoint.parse(JSON.parse(text)).checkpoint;
  return { resources: latest?.resources ?? [], pending: latest?.pending_operations ?? [] };
}

const LockContent = z.object({ pid: z.number(), hostname: z.string() });

/** Every lock on the stack. */
export async function readStackLocks(store: Store, stackName: string): Promise<StackLock[]> {
  const { rows } = await store.pool.query<{ key: string; data: { data: string } }>(
    "SELECT key, data FROM pulumi.pulumi_state WHERE key LIKE current_database() || $1",
    [`/.pulumi/locks/%/${PROJECT_NAME}/${stackName}/%`],
  );
  return rows.map(({ key, data }) => ({
    key,
    ...LockContent.parse(JSON.parse(Buffer.from(data.data, "base64").toString("utf8"))),
  }));
}

/** Removes one lock row; the fence lets every session do that. */
export async function removeStackLock(store: Store, lock: StackLock): Promise<void> {
  await store.pool.query("DELETE FROM pulumi.pulumi_state WHERE key = $1", [lock.key]);
}

/** Removes what the stack left in the state table: ON-46's last step. Needs the current generation. */
export async function removeStackState(store: Store, stackName: string, generation: number): Promise<void> {
  const client = await store.pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT set_config('onvera.generation', $1, true)", [String(generation)]);
    await client.query(
      `DELETE FROM pulumi.pulumi_state
       WHERE onvera.state_key_stack(key) = $1 OR key LIKE current_database() || $2`,
      [stackName, `/.pulumi/locks/%/${PROJECT_NAME}/${stackName}/%`],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}
