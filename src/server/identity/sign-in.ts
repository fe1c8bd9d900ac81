/**
 * Signing in by an organization's own provider: code flow with PKCE, state and nonce (OpenID Connect Core, RFC 7636, RFC 9207).
 * All three come from one secret that only the browser keeps, so that a sign-in ends in the browser that began it.
 */
import { createHmac, randomBytes } from "node:crypto";
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  fetchUserInfo,
} from "openid-client";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import { writeAudit } from "../../store/audit.ts";
import type { Scoped } from "../../store/database.ts";
import type { ServerDeps } from "../deps.ts";
import { type Circumstances, openSession } from "../services/sessions.ts";
import { addressOf } from "../services/users.ts";
import { hashToken } from "../tokens.ts";
import { transact } from "../transact.ts";
import { type Claims, memberByClaims } from "./person.ts";
import { openProvider, providerFault } from "./provider.ts";
import { findProvider, type IdentityProvider, providerAddress } from "./settings.ts";

const SIGN_IN_MINUTES = 10;
/** How long a session lasts before the provider is asked again whether the person is still theirs. */
const SESSION_HOURS = 12;

/** @param origin of the page that begins it; the provider comes back to `/sso/callback` there */
export async function beginSignIn(deps: ServerDeps, { who, origin }: { who: string; origin: string }) {
  const { provider, address } = await transact(deps, null, async (db) => {
    const found = await providerFor(db, who);
    return { provider: found, address: await providerAddress(db, deps.dataKeys, found) };
  });
  const config = await openProvider(address, deps.identity).catch(unavailable);
  const secret = randomBytes(32).toString("base64url");
  const redirectUri = `${origin}/sso/callback`;
  const expiresAt = new Date(deps.now().getTime() + SIGN_IN_MINUTES * 60_000);
  await transact(deps, null, async (db) => {
    await db.deleteFrom("provider_sign_ins").where("expires_at", "<", deps.now()).execute();
    await db
      .insertInto("provider_sign_ins")
      .values({
        id: hashToken(secret),
        organization_id: provider.organization_id,
        provider_version: provider.version,
        redirect_uri: redirectUri,
        expires_at: expiresAt,
      })
      .execute();
  });
  const { state, nonce, verifier } = derived(secret);
  const url = buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: provider.scopes.join(" "),
    state,
    nonce,
    code_challenge: await calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    ...(who.includes("@") && { login_hint: who }),
  });
  return { authorizationUrl: url.href, secret, expiresAt };
}

/**
 * Ends a sign-in with what the provider sent the browser back with.
 * @param response the query of the address it came back to
 * @throws OnveraError SSO_SIGN_IN_NOT_VALID, SSO_REFUSED or SSO_PROVIDER_UNAVAILABLE
 */
export async function finishSignIn(
  deps: ServerDeps,
  { secret, response }: { secret: string | undefined; response: string },
  circumstances: Circumstances,
) {
  const begun = await transact(deps, null, (db) => takeBegun(db, secret, deps.now()));
  const { provider, address, redirectUri } = await transact(deps, null, async (db) => {
    const found = await findProvider(db, begun.organization_id);
    if (found.version !== begun.provider_version) throw new OnveraError("SSO_SIGN_IN_NOT_VALID");
    const opened = await providerAddress(db, deps.dataKeys, found);
    return { provider: found, address: opened, redirectUri: begun.redirect_uri };
  });
  const config = await openProvider(address, deps.identity).catch(unavailable);
  const current = new URL(redirectUri);
  current.search = response;
  try {
    const claims = await claimsOf(config, current, derived(secret ?? "")).catch(refuseAnswer);
    return await transact(deps, null, async (db) => {
      const user = await memberByClaims(db, provider, claims, circumstances.requestId);
      const organizationId = provider.organization_id;
      const confined = { to: organizationId, hours: SESSION_HOURS, issuer: provider.issuer };
      return openSession(deps, db, { user, organizationId, circumstances, confined });
    });
  } catch (error) {
    if (error instanceof OnveraError) {
      await transact(deps, null, (db) => noteRefusal(db, provider, circumstances, error.message));
    }
    throw error;
  }
}

/** Every check of the answer is the library's: state, iss, PKCE, signature, iss, aud, exp and nonce of the ID token. */
async function claimsOf(config: Configuration, current: URL, expected: ReturnType<typeof derived>): Promise<Claims> {
  const tokens = await authorizationCodeGrant(config, current, {
    expectedState: expected.state,
    expectedNonce: expected.nonce,
    pkceCodeVerifier: expected.verifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (!claims) throw new OnveraError("SSO_REFUSED");
  const { userinfo_endpoint: userinfo } = config.serverMetadata();
  const more = userinfo === undefined ? {} : await fetchUserInfo(config, tokens.access_token, claims.sub);
  return { ...more, ...claims };
}

/** What one secret stands for; none of them tells another or the secret. */
function derived(secret: string) {
  const part = (name: string) => createHmac("sha256", secret).update(`onvera sign-in ${name}`).digest("base64url");
  return { state: part("state"), nonce: part("nonce"), verifier: part("verifier") };
}

/** By an organization's short name or id, or by the address of one of its members. */
async function providerFor(db: Scoped, who: string): Promise<IdentityProvider> {
  const row = who.includes("@")
    ? await db
        .selectFrom("identity_providers as p")
        .innerJoin("memberships as m", "m.organization_id", "p.organization_id")
        .innerJoin("users as u", "u.id", "m.user_id")
        .select("p.organization_id")
        .where((eb) => eb.fn("lower", ["u.email"]), "=", addressOf(who))
        .orderBy("m.created_at")
        .executeTakeFirst()
    : await db
        .selectFrom("organizations as o")
        .select("o.id as organization_id")
        .where(({ eb, or }) =>
          or([eb("o.slug", "=", who.trim().toLowerCase()), eb("o.id", "=", parseId("organization", who) ?? "")]),
        )
        .executeTakeFirst();
  return findProvider(db, row?.organization_id ?? "");
}

/** A sign-in is used up by the first who comes back with its secret, whatever they bring. */
async function takeBegun(db: Scoped, secret: string | undefined, now: Date) {
  const begun = await db
    .deleteFrom("provider_sign_ins")
    .where("id", "=", hashToken(secret ?? ""))
    .returningAll()
    .executeTakeFirst();
  if (!begun || begun.expires_at <= now) throw new OnveraError("SSO_SIGN_IN_NOT_VALID");
  return begun;
}

const unavailable = (cause: unknown): never => {
  throw new OnveraError("SSO_PROVIDER_UNAVAILABLE", {
    message: `The organization's identity provider could not be asked. ${providerFault(cause)}`,
    cause,
  });
};

/** A network that failed is told apart from an answer that is wrong: the first may be tried again. */
function refuseAnswer(error: unknown): never {
  if (error instanceof OnveraError) throw error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (!code.startsWith("OAUTH_") || code === "OAUTH_TIMEOUT") unavailable(error);
  throw new OnveraError("SSO_REFUSED", {
    message: `The identity provider's answer was refused: ${providerFault(error)}`,
    cause: error,
  });
}

const noteRefusal = (db: Scoped, provider: IdentityProvider, { requestId }: Circumstances, reason: string) =>
  writeAudit(db, {
    organizationId: provider.organization_id,
    actor: { kind: "system", id: "unknown", name: "Unknown person" },
    origin: "web",
    requestId,
    action: "auth.login",
    outcome: "refused",
    change: { by: "sso", issuer: provider.issuer, reason },
  });
