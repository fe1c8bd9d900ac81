/** The rows the CLI's PostgreSQL backend keeps of a stack: its state, locks, history, copies. */
import { z } from "zod";
import { PROJECT_NAME } from "../../domain/names.ts";
import type { Store } from "../../store/database.ts";
import { rowContent } from "./state-integrity.ts";

/** A lock row and who took it. */
export interface StackLock {
  key: string;
  pid: number;
  hostname: string;
}

/** Where the CLI's backend puts each kind of row; keys begin with the database's name. */
const places = {
  state: (stack: string) => `stacks/${PROJECT_NAME}/${stack}.`,
  history: (stack: string) => `history/${PROJECT_NAME}/${stack}/`,
  backups: (stack: string) => `backups/${PROJECT_NAME}/${stack}/`,
  locks: (stack: string) => `locks/organization/${PROJECT_NAME}/${stack}/`,
} as const;

/** Where the newest state of a stack stands, behind the database's name. */
export const stateKey = (stack: string): string => `/.pulumi/${places.state(stack)}json`;

/** The `data` of a stack's state; undefined when there is none. */
export async function readStateRow(store: Store, stack: string): Promise<unknown> {
  const { rows } = await store.pool.query<{ data: unknown }>(
    "SELECT data FROM pulumi.pulumi_state WHERE key = current_database() || $1",
    [stateKey(stack)],
  );
  return rows[0]?.data;
}

/** Puts `data` in the state's place. Needs the current generation. */
export async function writeStateRow(store: Store, stack: string, generation: number, data: unknown): Promise<void> {
  await underGeneration(
    store,
    generation,
    `INSERT INTO pulumi.pulumi_state (key, data) VALUES (current_database() || $1, $2)
     ON CONFLICT (key) DO UPDATE SET data = EXCLUDED.data, updated_at = now()`,
    [stateKey(stack), JSON.stringify(data)],
  );
}

/** Pattern of all keys of a kind; given as a parameter, so that the index on the key's beginning is used. */
function pattern(store: Store, kind: keyof typeof places, stack: string): string {
  const database = decodeURIComponent(new URL(store.connectionString).pathname.slice(1));
  return `${`${database}/.pulumi/${places[kind](stack)}`.replace(/[\\%_]/g, "\\$&")}%`;
}

const LockContent = z.object({ pid: z.number(), hostname: z.string() });

/** Every lock on the stack. */
export async function readStackLocks(store: Store, stack: string): Promise<StackLock[]> {
  const { rows } = await store.pool.query<{ key: string; data: unknown }>(
    "SELECT key, data FROM pulumi.pulumi_state WHERE key LIKE $1",
    [pattern(store, "locks", stack)],
  );
  return rows.map(({ key, data }) => ({
    key,
    ...LockContent.parse(rowContent(data)),
  }));
}

/** Removes one lock row; the fence lets every session do that. */
export async function removeStackLock(store: Store, lock: StackLock): Promise<void> {
  await store.pool.query("DELETE FROM pulumi.pulumi_state WHERE key = $1", [lock.key]);
}

/** Removes everything the stack left in the state table: ON-46's last step. Needs the current generation. */
export async function removeStackState(store: Store, stack: string, generation: number): Promise<void> {
  const patterns = (Object.keys(places) as (keyof typeof places)[]).map((kind) => pattern(store, kind, stack));
  await underGeneration(store, generation, "DELETE FROM pulumi.pulumi_state WHERE key LIKE ANY($1)", [patterns]);
  await store.asPlatform((db) => db.deleteFrom("state_versions").where("stack_name", "=", stack).execute());
}

/** Runs of a stack that stay in Pulumi's own history; ours is the operation log. */
const KEPT_HISTORY_ROWS = 10;

/** Removes all but the newest history rows: every run adds two, each with the whole state in it. */
export async function pruneStackHistory(store: Store, stack: string, generation: number): Promise<void> {
  await underGeneration(
    store,
    generation,
    `DELETE FROM pulumi.pulumi_state WHERE key IN (
      SELECT key FROM pulumi.pulumi_state WHERE key LIKE $1 ORDER BY updated_at DESC OFFSET $2
    )`,
    [pattern(store, "history", stack), KEPT_HISTORY_ROWS],
  );
}

/** Runs one statement on the state table as a session of that generation. @throws what the fence says when it is an older one */
async function underGeneration(store: Store, generation: number, statement: string, values: unknown[]): Promise<void> {
  const client = await store.pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT set_config('onvera.generation', $1, true)", [String(generation)]);
    await client.query(statement, values);
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  } finally {
    client.release();
  }
}
