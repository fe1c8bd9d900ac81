/** Data keys: one per organization (and one for the installation), wrapped by the master key and kept in `data_keys`. */
import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { KEY_BYTES, SealError, type SealedValue, type SealingKey, seal, unseal } from "../../domain/envelope.ts";
import type { Scoped } from "../database.ts";

export interface DataKeys {
  /** The key new values are sealed with; made on first use. `null` is the installation itself. */
  current(db: Scoped, organizationId: string | null): Promise<SealingKey>;
  /** The key an existing value names. @throws SealError when there is none of that name */
  byId(db: Scoped, id: string): Promise<SealingKey>;
}

/**
 * Opens the data keys below a master key. Unwrapped keys are remembered in memory only.
 * @param masterKey what `loadMasterKey` gave
 */
export function openDataKeys(masterKey: SealingKey): DataKeys {
  const unwrapped = new Map<string, SealingKey>();

  const unwrap = (row: DataKeyRow): SealingKey => {
    const known = unwrapped.get(row.id);
    if (known) return known;
    if (row.master_key_id !== masterKey.id) {
      throw new SealError(
        `Data key ${row.id} is wrapped by master key ${row.master_key_id}, but this installation was started with ${masterKey.id}. Restore the master key this database was set up with.`,
      );
    }
    const key = { id: row.id, key: unseal(masterKey, row.wrapped, wrapContext(row.id, row.organization_id)) };
    unwrapped.set(row.id, key);
    return key;
  };

  return {
    async current(db, organizationId) {
      const existing = await activeKey(db, organizationId);
      if (existing) return unwrap(existing);
      // One writer at a time, so that an organization never gets two active keys.
      await sql`SELECT pg_advisory_xact_lock(hashtextextended(${`onvera data key ${organizationId ?? ""}`}, 0))`.execute(
        db,
      );
      const madeMeanwhile = await activeKey(db, organizationId);
      if (madeMeanwhile) return unwrap(madeMeanwhile);
      const id = `dk_${randomBytes(12).toString("hex")}`;
      const wrapped = seal(masterKey, randomBytes(KEY_BYTES), wrapContext(id, organizationId));
      await db
        .insertInto("data_keys")
        .values({
          id,
          organization_id: organizationId,
          master_key_id: masterKey.id,
          wrapped: JSON.stringify(wrapped),
        })
        .execute();
      return unwrap({ id, organization_id: organizationId, master_key_id: masterKey.id, wrapped });
    },

    async byId(db, id) {
      const known = unwrapped.get(id);
      if (known) return known;
      const row = await db.selectFrom("data_keys").select(columns).where("id", "=", id).executeTakeFirst();
      if (!row) throw new SealError(`Data key ${id} is not in this database.`);
      return unwrap(row);
    },
  };
}

const columns = ["id", "organization_id", "master_key_id", "wrapped"] as const;

interface DataKeyRow {
  id: string;
  organization_id: string | null;
  master_key_id: string;
  wrapped: SealedValue;
}

const wrapContext = (id: string, organizationId: string | null) => `data_keys|${id}|${organizationId ?? ""}`;

const activeKey = (db: Scoped, organizationId: string | null): Promise<DataKeyRow | undefined> =>
  db
    .selectFrom("data_keys")
    .select(columns)
    .where("organization_id", "is not distinct from", organizationId)
    .where("retired_at", "is", null)
    .orderBy("created_at", "desc")
    .executeTakeFirst();
