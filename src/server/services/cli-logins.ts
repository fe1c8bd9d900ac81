/**
 * Signing in the command line by browser: it asks for a sign-in and keeps a secret, a signed-in person lets it in, and it
 * exchanges the secret for an API key of that person, once. In the manner of RFC 8628, where both show a code to compare.
 */
import { randomBytes, randomInt } from "node:crypto";
import type { Selectable } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { newId, parseId } from "../../domain/ids.ts";
import type { Scope } from "../../domain/permissions.ts";
import { timestamp } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import type { CliLoginsTable } from "../../store/tables/sign-in.ts";
import { hashToken } from "../tokens.ts";
import { insertApiKey } from "./api-keys.ts";

type CliLogin = Selectable<CliLoginsTable>;

const LIFE_MILLISECONDS = 10 * 60_000;
/** Consonants that no two of look or sound alike; without vowels no word comes out (RFC 8628, 6.1). */
const CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ";
const CODE_LENGTH = 8;

/** Begins a sign-in and forgets those that are over. @returns the row, and the secret that leaves only with the answer */
export async function beginCliLogin(
  db: Scoped,
  { client, now }: { client: string; now: Date },
): Promise<{ login: CliLogin; secret: string }> {
  await db.deleteFrom("cli_logins").where("expires_at", "<=", now).execute();
  const secret = `onv_cli_${randomBytes(32).toString("base64url")}`;
  const letters = Array.from({ length: CODE_LENGTH }, () => CODE_LETTERS[randomInt(CODE_LETTERS.length)]).join("");
  const login = await db
    .insertInto("cli_logins")
    .values({
      id: newId("cliLogin"),
      code: `${letters.slice(0, 4)}-${letters.slice(4)}`,
      client,
      secret_hash: hashToken(secret),
      expires_at: new Date(now.getTime() + LIFE_MILLISECONDS),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return { login, secret };
}

/** A sign-in that is not over yet. @throws OnveraError CLI_LOGIN_NOT_FOUND */
export async function findCliLogin(db: Scoped, id: string, now: Date): Promise<CliLogin> {
  const found = await db
    .selectFrom("cli_logins")
    .selectAll()
    .where("id", "=", parseId("cliLogin", id) ?? "")
    .where("expires_at", ">", now)
    .executeTakeFirst();
  if (!found) throw new OnveraError("CLI_LOGIN_NOT_FOUND");
  return found;
}

/** Who lets a sign-in in, and what the key will be able to do: undefined is all that they may, now and later. */
export interface Approver {
  userId: string;
  organizationId: string;
  scopes: readonly Scope[] | undefined;
}

/**
 * Lets a sign-in in, or (without an approver) refuses it.
 * @throws OnveraError CLI_LOGIN_NOT_FOUND; RESOURCE_CONFLICT when it was decided before
 */
export async function decideCliLogin(
  db: Scoped,
  id: string,
  { approver, now }: { approver: Approver | undefined; now: Date },
): Promise<CliLogin> {
  const login = await findCliLogin(db, id, now);
  const decided =
    approver === undefined
      ? { status: "denied" as const }
      : {
          status: "approved" as const,
          user_id: approver.userId,
          organization_id: approver.organizationId,
          scopes: approver.scopes === undefined ? null : [...approver.scopes],
        };
  // Of two who decide at once the second finds it decided.
  const changed = await db
    .updateTable("cli_logins")
    .set(decided)
    .where("id", "=", login.id)
    .where("status", "=", "pending")
    .returningAll()
    .executeTakeFirst();
  if (!changed) throw new OnveraError("RESOURCE_CONFLICT", { message: "This sign-in was let in or refused already" });
  return changed;
}

/**
 * Exchanges the secret of a sign-in that was let in for a key, once.
 * @returns undefined while nobody has decided
 * @throws OnveraError CLI_LOGIN_NOT_VALID when it was refused, used, is over, or never was
 */
export async function redeemCliLogin(db: Scoped, secret: string, now: Date) {
  const login = await db
    .selectFrom("cli_logins")
    .selectAll()
    .where("secret_hash", "=", hashToken(secret))
    .where("expires_at", ">", now)
    .forUpdate()
    .executeTakeFirst();
  if (login?.status === "pending") return undefined;
  const { user_id: userId, organization_id: organizationId } = login ?? {};
  if (login?.status !== "approved" || !userId || !organizationId) throw new OnveraError("CLI_LOGIN_NOT_VALID");
  const member = await db
    .selectFrom("memberships")
    .innerJoin("users", "users.id", "memberships.user_id")
    .select("users.name")
    .where("user_id", "=", userId)
    .where("organization_id", "=", organizationId)
    .where("users.disabled_at", "is", null)
    .executeTakeFirst();
  if (!member) throw new OnveraError("CLI_LOGIN_NOT_VALID");
  await db.updateTable("cli_logins").set({ status: "used" }).where("id", "=", login.id).execute();
  const scopes = (login.scopes ?? undefined) as Scope[] | undefined;
  const made = await insertApiKey(db, { organizationId, userId, name: login.client, scopes, expiresAt: null });
  return { ...made, login, actor: { kind: "user" as const, id: userId, name: member.name } };
}

/** A sign-in as the person who decides sees it. */
export const cliLoginView = ({ id, code, client, status, created_at, expires_at }: CliLogin) => ({
  id,
  code,
  client,
  status,
  created_at: timestamp(created_at),
  expires_at: timestamp(expires_at),
});
