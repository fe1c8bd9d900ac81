/** Key custody (NH-07): long-lived secrets of a deployment, sealed, versioned and outside its stack, so that they survive it. */

import { seal, unseal } from "../../domain/envelope.ts";
import type { Scoped } from "../database.ts";
import type { DataKeys } from "./data-keys.ts";
import { custodyPlace } from "./places.ts";

export interface CustodyName {
  /** The resource the secret belongs to, for example a deployment id. */
  ownerId: string;
  organizationId: string;
  /** `admin_password`, `fernet_key`, … */
  name: string;
}

export interface Custody {
  /** The secret's value; `make` is asked for one only when there is none yet. Two callers at once get the same value. */
  ensure(db: Scoped, secret: CustodyName, make: () => string): Promise<string>;
  /** The newest value, or undefined when there is none. */
  read(db: Scoped, secret: CustodyName): Promise<string | undefined>;
  /** Stores a new version; older ones stay readable to the rotation that needs them. Gives the version's number. */
  put(db: Scoped, secret: CustodyName, value: string): Promise<number>;
}

/** Opens the custody; every call works inside the caller's transaction. */
export function openCustody(dataKeys: DataKeys): Custody {
  const newest = (db: Scoped, { ownerId, organizationId, name }: CustodyName) =>
    db
      .selectFrom("custody_secrets")
      .select(["version", "sealed"])
      .where("owner_id", "=", ownerId)
      .where("organization_id", "=", organizationId)
      .where("name", "=", name)
      .orderBy("version", "desc")
      .executeTakeFirst();

  const read: Custody["read"] = async (db, secret) => {
    const row = await newest(db, secret);
    if (!row) return undefined;
    const key = await dataKeys.byId(db, row.sealed.kid);
    return unseal(key, row.sealed, context(secret, row.version)).toString("utf8");
  };

  const insert = async (db: Scoped, secret: CustodyName, version: number, value: string): Promise<boolean> => {
    const key = await dataKeys.current(db, secret.organizationId);
    const inserted = await db
      .insertInto("custody_secrets")
      .values({
        owner_id: secret.ownerId,
        organization_id: secret.organizationId,
        name: secret.name,
        version,
        sealed: JSON.stringify(seal(key, value, context(secret, version))),
      })
      .onConflict((conflict) => conflict.columns(["owner_id", "name", "version"]).doNothing())
      .returning("version")
      .executeTakeFirst();
    return inserted !== undefined;
  };

  return {
    read,

    async ensure(db, secret, make) {
      const existing = await read(db, secret);
      if (existing !== undefined) return existing;
      const value = make();
      if (await insert(db, secret, 1, value)) return value;
      const theirs = await read(db, secret);
      if (theirs === undefined) {
        throw new Error(`Secret ${secret.name} of ${secret.ownerId} belongs to another organization.`);
      }
      return theirs;
    },

    async put(db, secret, value) {
      // Somebody else may take the next number first; the loop then takes the one after it.
      for (let version = ((await newest(db, secret))?.version ?? 0) + 1; ; version++) {
        if (await insert(db, secret, version, value)) return version;
      }
    },
  };
}

const context = ({ ownerId, name }: CustodyName, version: number) => custodyPlace(ownerId, name, version);
