/** What the OpenID provider remembers, on our PostgreSQL: sealed, under hashed ids, gone when its time is over. */
import { createHash } from "node:crypto";
import type { Adapter, AdapterPayload } from "oidc-provider";
import { type SealedValue, seal, unseal } from "../../domain/envelope.ts";
import { providerRecordPlace } from "../../store/crypto/places.ts";
import type { Scoped } from "../../store/database.ts";
import type { ServerDeps } from "../deps.ts";
import { transact } from "../transact.ts";
import { clientOf } from "./clients.ts";

export type RecordDeps = Pick<ServerDeps, "store" | "dataKeys" | "custody" | "now">;

/** The identifier of most kinds is the token itself: only its hash is kept. */
const idOf = (kind: string, id: string): string => createHash("sha256").update(`${kind}|${id}`).digest("base64url");

/** The store of one kind of record, as the provider's library wants it. Clients are read from deployments instead. */
export function recordsOf(deps: RecordDeps, kind: string): Adapter {
  const open = async (db: Scoped, row: StoredRecord | undefined): Promise<AdapterPayload | undefined> => {
    if (row === undefined || row.expires_at <= deps.now()) return undefined;
    const key = await deps.dataKeys.byId(db, row.sealed.kid);
    const payload = JSON.parse(unseal(key, row.sealed, providerRecordPlace(row.id)).toString("utf8")) as AdapterPayload;
    return row.consumed_at === null ? payload : { ...payload, consumed: Math.floor(row.consumed_at.getTime() / 1000) };
  };
  const rows = (db: Scoped) => db.selectFrom("provider_records").select(["id", "sealed", "consumed_at", "expires_at"]);

  return {
    upsert: (id, payload, expiresIn) =>
      transact(deps, null, async (db) => {
        const key = idOf(kind, id);
        const { consumed: _, ...rest } = payload;
        const sealed = seal(await deps.dataKeys.current(db, null), JSON.stringify(rest), providerRecordPlace(key));
        const values = {
          kind,
          sealed: JSON.stringify(sealed),
          uid: payload.uid ?? null,
          grant_id: payload.grantId ?? null,
          expires_at: new Date(deps.now().getTime() + expiresIn * 1000),
        };
        await db
          .insertInto("provider_records")
          .values({ id: key, ...values })
          .onConflict((conflict) => conflict.column("id").doUpdateSet(values))
          .execute();
      }),

    find: (id) =>
      transact(deps, null, async (db) =>
        kind === "Client"
          ? clientOf(db, deps, id)
          : open(db, await rows(db).where("id", "=", idOf(kind, id)).executeTakeFirst()),
      ),

    findByUid: (uid) =>
      transact(deps, null, async (db) =>
        open(db, await rows(db).where("kind", "=", kind).where("uid", "=", uid).executeTakeFirst()),
      ),

    // No device of ours shows a code.
    findByUserCode: async () => undefined,

    consume: (id) =>
      transact(deps, null, async (db) => {
        const key = idOf(kind, id);
        await db.updateTable("provider_records").set({ consumed_at: deps.now() }).where("id", "=", key).execute();
      }),

    destroy: (id) =>
      transact(deps, null, async (db) => {
        await db.deleteFrom("provider_records").where("id", "=", idOf(kind, id)).execute();
      }),

    revokeByGrantId: (grantId) =>
      transact(deps, null, async (db) => {
        await db.deleteFrom("provider_records").where("grant_id", "=", grantId).execute();
      }),
  };
}

interface StoredRecord {
  id: string;
  sealed: SealedValue;
  consumed_at: Date | null;
  expires_at: Date;
}
