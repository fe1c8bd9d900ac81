/**
 * Rotation of the keys: new data keys under a new master key, every sealed value sealed anew, nothing left under the old
 * one. Each step is a transaction of its own and finds out by looking what is left to do, so a rotation that was cut off
 * anywhere is gone on with by running it again. Servers and workers go on meanwhile.
 */
import { sql } from "kysely";
import { SealError } from "../../domain/envelope.ts";
import { writeAudit } from "../audit.ts";
import type { Scoped, Store } from "../database.ts";
import type { Actor } from "../tables/audit.ts";
import type { DataKeys } from "./data-keys.ts";
import { switchMasterKey } from "./master-key-row.ts";
import { type RetiredKeys, resealColumn, rowsUnder } from "./reseal.ts";
import { sealedColumns } from "./sealed-columns.ts";

/** A reader that looked a value up just before it was sealed anew still finds the key it names. */
const RETIRED_KEPT_MINUTES = 60;

export interface Rotation {
  store: Store;
  dataKeys: DataKeys;
  actor: Actor;
  /** Told of each committed step; what it throws cuts the rotation off there. */
  onStep?(step: RotationStep): Promise<void> | void;
}

export interface RotationStep {
  name: "master_key" | "data_key" | "values" | "rewrap";
  /** What was done in it. */
  message: string;
}

export interface RotationResult {
  dataKeys: number;
  values: number;
}

/**
 * Rotates to a master key that every server and worker can read already.
 * @param masterKeyId the new key's
 * @throws SealError when a value does not open or cannot be sealed anew; the old keys must stay then
 */
export async function rotateTo(rotation: Rotation, masterKeyId: string): Promise<RotationResult> {
  const { store, dataKeys, onStep } = rotation;
  if (await store.asPlatform((db) => begin(db, rotation, masterKeyId))) {
    await onStep?.({ name: "master_key", message: `${masterKeyId} wraps new keys` });
  }
  let renewed = 0;
  for (const organizationId of await store.asPlatform((db) => organizationsUnderOther(db, masterKeyId))) {
    await store.asPlatform((db) => renewDataKey(db, dataKeys, organizationId));
    renewed += 1;
    await onStep?.({ name: "data_key", message: `new data key of ${organizationId ?? "the installation"}` });
  }
  const retired = await store.asPlatform(retiredKeys);
  let values = 0;
  for (const column of sealedColumns) {
    const name = `${column.table}.${column.column}`;
    values += await resealColumn({ store, dataKeys }, column, retired, (count) =>
      onStep?.({ name: "values", message: `${name}: ${count}` }),
    );
  }
  await store.asPlatform((db) => expectNothingUnder(db, retired));
  for (const id of await store.asPlatform((db) => retiredUnderOther(db, masterKeyId))) {
    await store.asPlatform((db) => dataKeys.rewrap(db, id));
    await onStep?.({ name: "rewrap", message: id });
  }
  const result = { dataKeys: renewed, values };
  await store.asPlatform((db) => end(db, rotation, masterKeyId, result));
  return result;
}

const event = ({ actor }: Rotation, masterKeyId: string) => ({
  organizationId: null,
  actor,
  origin: "cli",
  action: "keys.rotate",
  targetType: "master_key",
  targetId: masterKeyId,
});

async function begin(db: Scoped, rotation: Rotation, masterKeyId: string): Promise<boolean> {
  const isNew = await switchMasterKey(db, masterKeyId);
  if (isNew) await writeAudit(db, { ...event(rotation, masterKeyId), outcome: "accepted" });
  return isNew;
}

async function organizationsUnderOther(db: Scoped, masterKeyId: string): Promise<(string | null)[]> {
  const rows = await db
    .selectFrom("data_keys")
    .select("organization_id")
    .where("retired_at", "is", null)
    .where("master_key_id", "<>", masterKeyId)
    .orderBy("organization_id")
    .execute();
  return rows.map((row) => row.organization_id);
}

/** Retires an organization's data key, waiting for those who seal with it, and makes the next in the same transaction. */
async function renewDataKey(db: Scoped, dataKeys: DataKeys, organizationId: string | null): Promise<void> {
  await db
    .updateTable("data_keys")
    .set({ retired_at: new Date() })
    .where("organization_id", "is not distinct from", organizationId)
    .where("retired_at", "is", null)
    .execute();
  await dataKeys.current(db, organizationId);
}

async function retiredKeys(db: Scoped): Promise<RetiredKeys> {
  const rows = await db
    .selectFrom("data_keys")
    .select(["id", "organization_id"])
    .where("retired_at", "is not", null)
    .execute();
  return new Map(rows.map((row) => [row.id, row.organization_id]));
}

/** @throws SealError naming the column: its values would be lost with the key */
async function expectNothingUnder(db: Scoped, retired: RetiredKeys): Promise<void> {
  for (const column of sealedColumns) {
    const count = await rowsUnder(db, column, retired);
    if (count === 0) continue;
    throw new SealError(
      `${count} rows of ${column.table} hold sealed values in ${column.column} that this version cannot seal anew; the keys they need stay. Finish the upgrade of all servers and workers, then run 'onvera keys rotate' again.`,
    );
  }
}

async function retiredUnderOther(db: Scoped, masterKeyId: string): Promise<string[]> {
  const rows = await db
    .selectFrom("data_keys")
    .select("id")
    .where("retired_at", "is not", null)
    .where("master_key_id", "<>", masterKeyId)
    .execute();
  return rows.map((row) => row.id);
}

async function end(db: Scoped, rotation: Rotation, masterKeyId: string, result: RotationResult): Promise<void> {
  await db
    .deleteFrom("data_keys")
    .where("retired_at", "<", sql<Date>`now() - make_interval(mins => ${RETIRED_KEPT_MINUTES})`)
    .execute();
  await writeAudit(db, {
    ...event(rotation, masterKeyId),
    change: { data_keys: result.dataKeys, values: result.values },
  });
}
