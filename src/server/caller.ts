/** Who is calling, and what travels with a request. */

import type { Context } from "hono";
import { OnveraError } from "../domain/errors.ts";
import { judge, type Permission, permissions, type Role, type Scope, scopesOf } from "../domain/permissions.ts";
import type { Actor } from "../store/tables/audit.ts";
import type { DeclaredRoute } from "./contracts/registry.ts";

export interface Caller {
  /** A person with a session, a person's key, or a service account, which has nothing but keys. */
  kind: "user" | "api_key" | "service_account";
  userId: string;
  userName: string;
  email: string;
  /** The organization the request acts in; null for an operator who chose none. */
  organizationId: string | null;
  /** The caller's role there; undefined for no member. */
  role: Role | undefined;
  isOperator: boolean;
  /** Undefined means unrestricted. */
  scopes: readonly string[] | undefined;
  apiKeyId: string | null;
  apiKeyName: string | null;
  sessionId: string | null;
  /** The one organization this key or session speaks for; null for a person who signed in with their password. */
  confinedTo: string | null;
  /** Who is written down as having done it. */
  actor: Actor;
}

export type Origin = "api" | "cli" | "web";

export interface ServerEnv {
  Variables: {
    requestId: string;
    /** The declared route that answers; unset where there is none. */
    route: DeclaredRoute | undefined;
    caller: Caller;
    origin: Origin;
    /** The operation the request started. */
    operationId: string | undefined;
  };
}

/**
 * Refuses a caller who lacks a permission.
 * @throws OnveraError INSUFFICIENT_SCOPE with the documented words, or ACCESS_DENIED
 */
export function requirePermission(caller: Caller, permission: Permission): void {
  const verdict = judge(permission, caller);
  if (verdict === "scope-missing") {
    throw new OnveraError("INSUFFICIENT_SCOPE", {
      message: `Insufficient scope. Required: ${permissions[permission].scope}`,
    });
  }
  if (verdict === "role-missing") {
    const { role } = permissions[permission];
    const needed = role === "operator" ? "the platform operator" : `role ${role} or above`;
    throw new OnveraError("ACCESS_DENIED", { message: `Access denied. This needs ${needed}` });
  }
}

/**
 * The organization a request acts in.
 * @throws OnveraError ACCESS_DENIED when the caller has chosen none
 */
export function organizationOf(caller: Caller): string {
  if (caller.organizationId !== null) return caller.organizationId;
  throw new OnveraError("ACCESS_DENIED", {
    message: "Access denied. Choose an organization: send its id in the header X-Onvera-Organization",
  });
}

/** How a request came, as sign-ins are written down with it. */
export const circumstancesOf = (
  c: Context<ServerEnv>,
  { addressOf }: { addressOf(context: unknown): string | undefined },
) => ({
  requestId: c.get("requestId"),
  address: addressOf(c),
  userAgent: c.req.header("User-Agent"),
});

/** The scopes the caller can really use: those of the role, cut to those of the key. */
export function usableScopes(caller: Pick<Caller, "role" | "isOperator" | "scopes">): Scope[] {
  const all = scopesOf(caller);
  const { scopes } = caller;
  return scopes === undefined ? all : all.filter((scope) => scopes.includes(scope));
}
