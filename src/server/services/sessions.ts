/** Sign-in sessions: opened by password, continued by a refresh token that works once, ended by sign-out or by misuse. */
import { sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import { newId, parseId } from "../../domain/ids.ts";
import { writeAudit } from "../../store/audit.ts";
import type { Scoped } from "../../store/database.ts";
import type { ServerDeps } from "../deps.ts";
import { ACCESS_TOKEN_SECONDS } from "../tokens.ts";
import { transact } from "../transact.ts";
import { admitSignIn, noteSignIn } from "./sign-in-throttle.ts";
import { findPerson, passwordMatches } from "./users.ts";

const SESSION_DAYS = 30;

export interface Circumstances {
  requestId: string;
  /** Where the request came from; undefined where nobody knows. */
  address: string | undefined;
  userAgent: string | undefined;
}

interface Person {
  id: string;
  name: string;
}

/**
 * Opens a session.
 * @throws OnveraError INVALID_CREDENTIALS, the same for an unknown person as for a wrong password; RATE_LIMIT_EXCEEDED
 */
export async function signIn(
  deps: ServerDeps,
  wanted: { email: string; password: string; organizationId: string | undefined },
  circumstances: Circumstances,
) {
  const { email } = wanted;
  const attempt = await admitSignIn(deps, { email, address: circumstances.address });
  const user = await transact(deps, null, (db) => findPerson(db, email));
  const matches = await passwordMatches(user?.password_hash, wanted.password);
  if (!user || !matches || user.disabled_at) {
    await transact(deps, null, (db) =>
      note(db, circumstances, { action: "auth.login", outcome: "refused", user, organizationId: null }),
    );
    throw new OnveraError("INVALID_CREDENTIALS");
  }
  return transact(deps, null, async (db) => {
    await noteSignIn(db, attempt, user.id);
    const organizationId = await organizationFor(db, user.id, wanted.organizationId);
    return openSession(deps, db, { user, organizationId, circumstances });
  });
}

/** A session that an organization's own provider opened is good there only, and not for long. */
export interface Confinement {
  to: string;
  hours: number;
  issuer: string;
}

/** Opens a session of a person who has proven who they are, and writes it down. Needs a platform transaction. */
export async function openSession(
  deps: ServerDeps,
  db: Scoped,
  {
    user,
    organizationId,
    circumstances,
    confined,
  }: { user: Person; organizationId: string | null; circumstances: Circumstances; confined?: Confinement },
) {
  const sessionId = newId("session");
  const refresh = await deps.tokens.newRefresh(sessionId);
  await db
    .insertInto("sessions")
    .values({
      id: sessionId,
      user_id: user.id,
      organization_id: organizationId,
      refresh_hash: refresh.hash,
      user_agent: circumstances.userAgent?.slice(0, 300) ?? null,
      expires_at: new Date(deps.now().getTime() + (confined?.hours ?? SESSION_DAYS * 24) * 3_600_000),
      confined_to: confined?.to ?? null,
    })
    .execute();
  const how = confined && { change: { by: "sso", issuer: confined.issuer } };
  await note(db, circumstances, { action: "auth.login", outcome: "done", user, organizationId, sessionId, ...how });
  return pair(deps, { userId: user.id, sessionId, organizationId }, refresh.token);
}

/**
 * Moves a session to another of the person's organizations; tokens given out before keep the one they name.
 * @throws OnveraError ACCESS_DENIED when they are no member there
 */
export async function switchOrganization(
  deps: ServerDeps,
  { userId, sessionId }: { userId: string; sessionId: string },
  wanted: string,
) {
  return transact(deps, null, async (db) => {
    const { confined_to: confinedTo } = await db
      .selectFrom("sessions")
      .select("confined_to")
      .where("id", "=", sessionId)
      .executeTakeFirstOrThrow();
    if (confinedTo !== null && confinedTo !== parseId("organization", wanted)) {
      const message = "You signed in by an organization's own provider, so this session is for that organization only";
      throw new OnveraError("ACCESS_DENIED", { message });
    }
    const organizationId = confinedTo ?? (await organizationFor(db, userId, wanted));
    await db.updateTable("sessions").set({ organization_id: organizationId }).where("id", "=", sessionId).execute();
    return {
      access_token: await deps.tokens.signAccess({ userId, sessionId, organizationId }),
      token_type: "Bearer" as const,
      expires_in: ACCESS_TOKEN_SECONDS,
      organization_id: organizationId,
    };
  });
}

/** How long a cookie may be used again after its first use. */
const REPEAT_MILLISECONDS = 10_000;

/**
 * Exchanges a refresh token. A token that was used before ends the session: one of its two holders stole it. One from a
 * browser's cookie still counts for a moment: a page that is left while it is being renewed never learns its new one.
 * @throws OnveraError INVALID_TOKEN or SESSION_REVOKED
 */
export async function refreshSession(
  deps: ServerDeps,
  { token, inCookie }: { token: string; inCookie: boolean },
  circumstances: Circumstances,
) {
  const presented = await deps.tokens.readRefresh(token);
  if (!presented) throw new OnveraError("INVALID_TOKEN", { message: "The refresh token is not valid" });
  const outcome = await transact(deps, null, async (db) => {
    const session = await db
      .selectFrom("sessions as s")
      .innerJoin("users as u", "u.id", "s.user_id")
      .selectAll("s")
      .select(["u.name", "u.disabled_at"])
      .where("s.id", "=", presented.sessionId)
      .forUpdate("s")
      .executeTakeFirst();
    if (!session || session.revoked_at || session.disabled_at || session.expires_at <= deps.now()) return "ended";
    const { user_id: userId, organization_id: organizationId, id: sessionId } = session;
    const isCurrent = presented.hash.equals(session.refresh_hash);
    const isYoung = deps.now().getTime() - session.refreshed_at.getTime() < REPEAT_MILLISECONDS;
    const isJustReplaced = inCookie && isYoung && session.previous_refresh_hash?.equals(presented.hash) === true;
    if (!isCurrent && !isJustReplaced) {
      await revokeSession(db, sessionId);
      const user = { id: userId, name: session.name };
      await note(db, circumstances, {
        action: "auth.refresh_reused",
        outcome: "refused",
        user,
        organizationId,
        sessionId,
      });
      return "reused";
    }
    const refresh = await deps.tokens.newRefresh(sessionId);
    await db
      .updateTable("sessions")
      .set({
        refresh_hash: refresh.hash,
        ...(isCurrent ? { previous_refresh_hash: session.refresh_hash, refreshed_at: deps.now() } : {}),
      })
      .where("id", "=", sessionId)
      .execute();
    return pair(deps, { userId, sessionId, organizationId }, refresh.token);
  });
  if (typeof outcome === "string") throw new OnveraError("SESSION_REVOKED");
  return outcome;
}

/** Ends a session, its open streams too. */
export async function revokeSession(db: Scoped, sessionId: string): Promise<void> {
  await sql`SELECT pg_notify('onvera_access', ${sessionId})`.execute(db);
  await db
    .updateTable("sessions")
    .set({ revoked_at: sql`COALESCE(revoked_at, now())` })
    .where("id", "=", sessionId)
    .execute();
}

/** @throws OnveraError ACCESS_DENIED outside of the person's own, SSO_REQUIRED where a password is not enough */
export async function organizationFor(db: Scoped, userId: string, wanted: string | undefined): Promise<string | null> {
  const memberships = await db
    .selectFrom("memberships as m")
    .leftJoin("identity_providers as p", "p.organization_id", "m.organization_id")
    .select(["m.organization_id", "m.role", "p.sso_only"])
    .where("m.user_id", "=", userId)
    .orderBy("m.created_at")
    .execute();
  const open = memberships.filter(({ role, sso_only: only }) => role === "owner" || only !== true);
  if (wanted === undefined) {
    if (open.length === 0 && memberships.length > 0) throw new OnveraError("SSO_REQUIRED");
    return open[0]?.organization_id ?? null;
  }
  const id = parseId("organization", wanted) ?? null;
  const isIt = ({ organization_id: one }: { organization_id: string }) => one === id;
  if (!memberships.some(isIt)) {
    throw new OnveraError("ACCESS_DENIED", { message: "You are not a member of this organization" });
  }
  if (!open.some(isIt)) throw new OnveraError("SSO_REQUIRED");
  return id;
}

/** What a person's client is given at sign-in and at each refresh. */
export interface TokenPair {
  access_token: string;
  token_type: "Bearer";
  /** Seconds the access token lives. */
  expires_in: number;
  refresh_token: string;
  session_id: string;
  organization_id: string | null;
}

async function pair(
  { tokens }: ServerDeps,
  claims: { userId: string; sessionId: string; organizationId: string | null },
  refreshToken: string,
): Promise<TokenPair> {
  return {
    access_token: await tokens.signAccess(claims),
    token_type: "Bearer" as const,
    expires_in: ACCESS_TOKEN_SECONDS,
    refresh_token: refreshToken,
    session_id: claims.sessionId,
    organization_id: claims.organizationId,
  };
}

function note(
  db: Scoped,
  { requestId }: Circumstances,
  entry: {
    action: string;
    outcome: "done" | "refused";
    user: Person | undefined;
    organizationId: string | null;
    sessionId?: string;
    change?: Record<string, unknown>;
  },
) {
  return writeAudit(db, {
    organizationId: entry.organizationId,
    actor: entry.user
      ? { kind: "user", id: entry.user.id, name: entry.user.name }
      : { kind: "system", id: "unknown", name: "Unknown person" },
    origin: "web",
    requestId,
    action: entry.action,
    targetType: entry.sessionId ? "session" : undefined,
    targetId: entry.sessionId,
    change: entry.change,
    outcome: entry.outcome,
  });
}
