/** Data keys: one per organization (and one for the installation), wrapped by the master key and kept in `data_keys`. */
import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { KEY_BYTES, SealError, type SealedValue, type SealingKey, seal, unseal } from "../../domain/envelope.ts";
import type { Scoped } from "../database.ts";
import type { KeyRing } from "./master-key.ts";
import { masterKeyInUse, shareMasterKey } from "./master-key-row.ts";

export interface DataKeys {
  /**
   * The key new values are sealed with; made on first use. `null` is the installation itself. Until the transaction ends
   * the key stays the one in use: a rotation waits for what is being sealed with it.
   */
  current(db: Scoped, organizationId: string | null): Promise<SealingKey>;
  /** The key an existing value names. @throws SealError when there is none of that name */
  byId(db: Scoped, id: string): Promise<SealingKey>;
  /** Wraps a stored key anew with the master key in use. */
  rewrap(db: Scoped, id: string): Promise<void>;
}

/**
 * Opens the data keys below the master keys. Unwrapped keys are remembered in memory only.
 * @param ring what `openKeyRing` gave
 */
export function openDataKeys(ring: KeyRing): DataKeys {
  const unwrapped = new Map<string, SealingKey>();

  const unwrap = async (row: DataKeyRow): Promise<SealingKey> => {
    const known = unwrapped.get(row.id);
    if (known) return known;
    const master = await ring.byId(row.master_key_id);
    if (master === undefined) throw unknownMasterKey(`Data key ${row.id} is wrapped by`, row.master_key_id, ring);
    const key = { id: row.id, key: unseal(master, row.wrapped, wrapContext(row.id, row.organization_id)) };
    unwrapped.set(row.id, key);
    return key;
  };

  /** The master key that wraps from now on, which the database knows: a process that started earlier may not. */
  const wrappingKey = async (db: Scoped): Promise<SealingKey> => {
    await shareMasterKey(db);
    const id = await masterKeyInUse(db);
    const key = id === undefined ? ring.all()[0] : await ring.byId(id);
    if (key === undefined) throw unknownMasterKey("New keys are wrapped by", id ?? "", ring);
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
      const master = await wrappingKey(db);
      const wrapped = seal(master, randomBytes(KEY_BYTES), wrapContext(id, organizationId));
      await db
        .insertInto("data_keys")
        .values({ id, organization_id: organizationId, master_key_id: master.id, wrapped: JSON.stringify(wrapped) })
        .execute();
      return unwrap({ id, organization_id: organizationId, master_key_id: master.id, wrapped });
    },

    async byId(db, id) {
      return unwrapped.get(id) ?? unwrap(await storedKey(db, id));
    },

    async rewrap(db, id) {
      const row = await storedKey(db, id);
      const { key } = await unwrap(row);
      const master = await wrappingKey(db);
      const wrapped = JSON.stringify(seal(master, key, wrapContext(id, row.organization_id)));
      await db.updateTable("data_keys").set({ master_key_id: master.id, wrapped }).where("id", "=", id).execute();
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

async function storedKey(db: Scoped, id: string): Promise<DataKeyRow> {
  const row = await db.selectFrom("data_keys").select(columns).where("id", "=", id).executeTakeFirst();
  if (!row) throw new SealError(`Data key ${id} is not in this database.`);
  return row;
}

const activeKey = (db: Scoped, organizationId: string | null): Promise<DataKeyRow | undefined> =>
  db
    .selectFrom("data_keys")
    .select(columns)
    .where("organization_id", "is not distinct from", organizationId)
    .where("retired_at", "is", null)
    .orderBy("created_at", "desc")
    .forShare()
    .executeTakeFirst();

const unknownMasterKey = (what: string, id: string, ring: KeyRing) =>
  new SealError(
    `${what} master key ${id}, and this installation has ${ring.all().map((key) => key.id)} only. If the keys were rotated on another machine, copy its key file here; otherwise restore the master key this database was set up with.`,
  );
