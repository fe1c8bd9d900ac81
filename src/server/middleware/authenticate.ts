/** From a request's key or token to its caller. One statement per request, nothing remembered: a revocation counts at once. */
import type { Context } from "hono";
import { hashApiKey, looksLikeApiKey } from "../../domain/api-key-format.ts";
import { OnveraError } from "../../domain/errors.ts";
import { kindOfId, parseId } from "../../domain/ids.ts";
import type { Role } from "../../domain/permissions.ts";
import type { Store } from "../../store/database.ts";
import type { Caller, ServerEnv } from "../caller.ts";
import type { ServerDeps } from "../deps.ts";

type AuthDeps = Pick<ServerDeps, "store" | "tokens" | "now">;

/** What is stored for a key without restriction. */
export const ALL_SCOPES = "*";

export const ORGANIZATION_HEADER = "X-Onvera-Organization";

/** Everything of a request that decides who its caller is. */
export const credentialHeaders = ["X-API-Key", "Authorization", ORGANIZATION_HEADER] as const;

/**
 * Finds the caller of a request.
 * @throws OnveraError with one of the 401 codes; ORGANIZATION_NOT_FOUND when a foreign organization is chosen
 */
export async function authenticate(deps: AuthDeps, c: Context<ServerEnv>): Promise<Caller> {
  const key = c.req.header("X-API-Key");
  const authorization = c.req.header("Authorization");
  const chosen = chosenOrganization(c);
  if (key !== undefined) return withOrganization(deps.store, await byApiKey(deps, key), chosen);
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
  if (token !== undefined) return withOrganization(deps.store, await byToken(deps, token, chosen), chosen);
  if (authorization !== undefined) throw new OnveraError("INVALID_TOKEN");
  throw new OnveraError("MISSING_API_KEY");
}

/** Whether the caller's key or session is still good; open streams ask this again. */
export async function isStillValid(deps: AuthDeps, c: Context<ServerEnv>): Promise<boolean> {
  return authenticate(deps, c).then(
    () => true,
    (error: unknown) => !(error instanceof OnveraError),
  );
}

interface FoundUser {
  user_id: string;
  user_name: string;
  email: string;
  is_platform_operator: boolean;
  disabled_at: Date | null;
  role: Role | null;
}

async function byApiKey({ store, now }: AuthDeps, key: string): Promise<Caller> {
  if (!looksLikeApiKey(key)) throw new OnveraError("INVALID_API_KEY");
  const { rows } = await store.pool.query<
    FoundUser & {
      api_key_id: string;
      api_key_name: string;
      organization_id: string;
      scopes: string[];
      expires_at: Date | null;
      revoked_at: Date | null;
    }
  >({ name: "find_api_key", text: "SELECT * FROM onvera.find_api_key($1)", values: [hashApiKey(key)] });
  const [found] = rows;
  if (!found || found.disabled_at) throw new OnveraError("INVALID_API_KEY");
  if (found.revoked_at) throw new OnveraError("API_KEY_REVOKED");
  if (found.expires_at && found.expires_at <= now()) throw new OnveraError("API_KEY_EXPIRED");
  const { user_id: id, user_name: name } = found;
  const isAccount = kindOfId(["serviceAccount"], id) !== undefined;
  return {
    ...person(found),
    kind: isAccount ? "service_account" : "api_key",
    organizationId: found.organization_id,
    scopes: found.scopes.includes(ALL_SCOPES) ? undefined : found.scopes,
    apiKeyId: found.api_key_id,
    apiKeyName: found.api_key_name,
    sessionId: null,
    confinedTo: found.organization_id,
    // An account is one actor whichever key it uses; a rotation changes neither its limits nor its idempotency keys.
    actor: isAccount
      ? { kind: "service_account", id, name }
      : { kind: "api_key", id: found.api_key_id, name: `${name} (${found.api_key_name})` },
  };
}

async function byToken({ store, tokens, now }: AuthDeps, token: string, chosen: string | undefined): Promise<Caller> {
  const claims = await tokens.verifyAccess(token);
  const organizationId = chosen ?? claims.organizationId;
  const { rows } = await store.pool.query<
    FoundUser & {
      session_id: string;
      expires_at: Date;
      revoked_at: Date | null;
      confined_to: string | null;
      sso_only: boolean;
    }
  >({
    name: "find_session_rights",
    text: "SELECT * FROM onvera.find_session_rights($1, $2)",
    values: [claims.sessionId, organizationId],
  });
  const [found] = rows;
  if (!found || found.user_id !== claims.userId) throw new OnveraError("INVALID_TOKEN");
  if (found.revoked_at || found.disabled_at || found.expires_at <= now()) throw new OnveraError("SESSION_REVOKED");
  const { confined_to: confinedTo } = found;
  if (confinedTo !== null && organizationId !== confinedTo) throw new OnveraError("ORGANIZATION_NOT_FOUND");
  // Owners keep a way in for the day the provider fails.
  const isBarred = found.sso_only && confinedTo === null && found.role !== null && found.role !== "owner";
  if (isBarred) throw new OnveraError("SSO_REQUIRED");
  return {
    ...person(found),
    kind: "user",
    organizationId,
    confinedTo,
    // An organization's provider says who somebody is there, and nothing about the installation.
    isOperator: found.is_platform_operator && confinedTo === null,
    scopes: undefined,
    apiKeyId: null,
    apiKeyName: null,
    sessionId: found.session_id,
    actor: { kind: "user", id: found.user_id, name: found.user_name },
  };
}

const person = (found: FoundUser) => ({
  userId: found.user_id,
  userName: found.user_name,
  email: found.email,
  role: found.role ?? undefined,
  isOperator: found.is_platform_operator,
});

function chosenOrganization(c: Context<ServerEnv>): string | undefined {
  const text = c.req.header(ORGANIZATION_HEADER);
  if (text === undefined) return undefined;
  const id = parseId("organization", text);
  if (id === undefined) throw new OnveraError("ORGANIZATION_NOT_FOUND");
  return id;
}

/** A member may choose among their organizations, the operator any; a key belongs to one, unless it is the operator's. */
async function withOrganization(store: Store, caller: Caller, chosen: string | undefined): Promise<Caller> {
  if (chosen === undefined) return caller;
  if (caller.kind === "user" && caller.role !== undefined) return caller;
  if (caller.kind !== "user" && caller.organizationId === chosen) return caller;
  const mayChooseAny = caller.isOperator && (caller.scopes === undefined || caller.scopes.includes("platform:read"));
  if (!mayChooseAny) throw new OnveraError("ORGANIZATION_NOT_FOUND");
  const exists = await store.pool.query("SELECT 1 FROM onvera.organizations WHERE id = $1", [chosen]);
  if (exists.rowCount === 0) throw new OnveraError("ORGANIZATION_NOT_FOUND");
  // The operator sees every organization; to change things in one takes a membership there.
  return { ...caller, organizationId: chosen, role: "viewer" };
}
