/** API keys: made, listed, revoked. The key itself leaves this file once and is stored nowhere. */
import { type Selectable, sql } from "kysely";
import { apiKeyHint, hashApiKey, newApiKey } from "../../domain/api-key-format.ts";
import { kindOfId, newId } from "../../domain/ids.ts";
import type { Scope } from "../../domain/permissions.ts";
import { timestamp, timestampOrNull } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import type { ApiKeysTable } from "../../store/tables/sign-in.ts";
import { ALL_SCOPES } from "../middleware/authenticate.ts";
import { API_BASE } from "../openapi.ts";
import { comesAfter, pageAnswer, pagingOf, positionOf } from "../pages.ts";
import type { PageRequest } from "../schemas/common.ts";

export type ApiKey = Selectable<ApiKeysTable>;

export interface NewApiKey {
  organizationId: string;
  userId: string;
  name: string;
  /** Undefined: everything its person may do, now and later. */
  scopes: readonly Scope[] | undefined;
  expiresAt: Date | null;
}

/** Makes a key; the text in `key` cannot be had again. */
export async function insertApiKey(db: Scoped, wanted: NewApiKey): Promise<{ key: string; row: ApiKey }> {
  const key = newApiKey();
  const row = await db
    .insertInto("api_keys")
    .values({
      id: newId("apiKey"),
      organization_id: wanted.organizationId,
      user_id: wanted.userId,
      name: wanted.name,
      hash: hashApiKey(key),
      hint: apiKeyHint(key),
      scopes: wanted.scopes === undefined ? [ALL_SCOPES] : [...wanted.scopes],
      expires_at: wanted.expiresAt,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { key, row };
}

export interface KeyReader {
  organizationId: string;
  /** Only this person's keys; undefined for all of the organization's. */
  userId: string | undefined;
}

/** One key within the reader's sight; undefined otherwise. @param lock until the transaction's end */
export const findApiKey = (
  db: Scoped,
  reader: KeyReader,
  id: string,
  { lock = false } = {},
): Promise<ApiKey | undefined> =>
  visibleKeys(db, reader)
    .selectAll()
    .where("id", "=", id)
    .$if(lock, (query) => query.forUpdate())
    .executeTakeFirst();

/** A page of keys, newest first. */
export async function listApiKeys(
  db: Scoped,
  reader: KeyReader,
  { query, view }: { query: PageRequest; view: (row: ApiKey) => ReturnType<typeof apiKeyView> },
) {
  const filters = { list: "api_keys" };
  const { limit, offset, after } = pagingOf(query, filters);
  const rows = await visibleKeys(db, reader)
    .selectAll()
    .select(positionOf("created_at"))
    .where(comesAfter(after, "created_at", "id"))
    .orderBy("created_at", "desc")
    .orderBy("id", "desc")
    .limit(limit + 1)
    .offset(offset)
    .execute();
  const { total } = await visibleKeys(db, reader)
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  return pageAnswer(rows, { request: query, total, filters, view });
}

/** Revokes for ever, and ends the key's open streams. Revoking again changes nothing. */
export async function revokeApiKey(db: Scoped, row: ApiKey): Promise<ApiKey> {
  await sql`SELECT pg_notify('onvera_access', ${row.id})`.execute(db);
  return db
    .updateTable("api_keys")
    .set({ revoked_at: sql`COALESCE(revoked_at, now())` })
    .where("id", "=", row.id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Whether it is a service account's. */
export const isAccountKey = ({ user_id }: Pick<ApiKey, "user_id">): boolean =>
  kindOfId(["serviceAccount"], user_id) !== undefined;

/** A key's scopes; undefined for everything its holder may. */
export const restrictionOf = ({ scopes }: Pick<ApiKey, "scopes">): Scope[] | undefined =>
  scopes.includes(ALL_SCOPES) ? undefined : (scopes as Scope[]);

/** A key as lists show it. @param allScopes what an unrestricted key amounts to */
export function apiKeyView(row: ApiKey, { allScopes, now }: { allScopes: readonly Scope[]; now: Date }) {
  const expired = row.expires_at !== null && row.expires_at <= now;
  const status: "active" | "expired" | "revoked" = row.revoked_at ? "revoked" : expired ? "expired" : "active";
  return {
    id: row.id,
    name: row.name,
    hint: row.hint,
    scopes: restrictionOf(row) ?? [...allScopes],
    user_id: row.user_id,
    service_account_id: isAccountKey(row) ? row.user_id : null,
    created_at: timestamp(row.created_at),
    expires_at: timestampOrNull(row.expires_at),
    last_used_at: timestampOrNull(row.last_used_at),
    revoked_at: timestampOrNull(row.revoked_at),
    replaced_by: row.replaced_by,
    status,
    links: { self: `${API_BASE}/api-keys/${row.id}` },
  };
}

const visibleKeys = (db: Scoped, { organizationId, userId }: KeyReader) =>
  db
    .selectFrom("api_keys")
    .where("organization_id", "=", organizationId)
    .$if(userId !== undefined, (query) => query.where("user_id", "=", userId ?? ""));
