/** Which master keys there are and what each still guards. */

import type { SealingKey } from "../../domain/envelope.ts";
import type { Scoped } from "../database.ts";
import { masterKeyInUse } from "./master-key-row.ts";

export interface KeyUse {
  /** The master key that wraps new data keys. */
  in_use: string | null;
  keys: readonly {
    id: string;
    /** `missing`: data keys are wrapped with it, and it is not here. */
    state: "in use" | "prepared" | "old" | "missing";
    data_keys: number;
  }[];
  /** A rotation was begun and something is still under another key, or an older key is still kept. */
  rotation_unfinished: boolean;
}

/**
 * Counts what each master key wraps.
 * @param ring newest first
 */
export async function keyUse(db: Scoped, ring: readonly SealingKey[]): Promise<KeyUse> {
  const rows = await db
    .selectFrom("data_keys")
    .select((eb) => ["master_key_id", eb.fn.countAll<number>().as("count")])
    .groupBy("master_key_id")
    .execute();
  const counts = new Map(rows.map((row) => [row.master_key_id, row.count]));
  const chosen = await masterKeyInUse(db);
  const inUse = chosen ?? rows[0]?.master_key_id ?? ring[0]?.id;
  const place = (id: string) => ring.findIndex((key) => key.id === id);
  const names = [...new Set([...ring.map((key) => key.id), ...counts.keys()])];
  const keys = names.map((id) => {
    const state =
      place(id) < 0 ? "missing" : id === inUse ? "in use" : place(id) < place(inUse ?? "") ? "prepared" : "old";
    return { id, state: state as KeyUse["keys"][number]["state"], data_keys: counts.get(id) ?? 0 };
  });
  const isElsewhere = keys.some(({ id, data_keys }) => id !== inUse && data_keys > 0);
  return { in_use: inUse ?? null, keys, rotation_unfinished: isElsewhere || ring.length > 1 };
}
