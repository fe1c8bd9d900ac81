/** What somebody may ask of a new API key. */
import { OnveraError } from "../../domain/errors.ts";
import type { Scope } from "../../domain/permissions.ts";
import { type Caller, usableScopes } from "../caller.ts";

export interface KeyWish {
  name: string;
  scopes?: readonly Scope[] | undefined;
  expires_at?: string | undefined;
}

/**
 * Reads a wish as its caller may have it: a key cannot do more than its maker.
 * @throws OnveraError ACCESS_DENIED that names the scopes beyond, or VALIDATION_ERROR for an expiry in the past
 */
export function readKeyWish(caller: Caller, wanted: KeyWish, now: Date) {
  const own = usableScopes(caller);
  refuseBeyond(own, wanted.scopes ?? []);
  const expiresAt = wanted.expires_at === undefined ? null : new Date(wanted.expires_at);
  if (expiresAt && expiresAt <= now) {
    const message = "The expiry lies in the past";
    throw new OnveraError("VALIDATION_ERROR", { message, fields: [{ pointer: "/expires_at", message }] });
  }
  // A restricted key makes restricted keys: "all" means all of its own.
  const scopes = wanted.scopes ?? (caller.scopes === undefined ? undefined : own);
  return { name: wanted.name, scopes, expiresAt };
}

/**
 * Refuses to hand a key on to a caller who has less: a rotation gives its text to whoever asked.
 * @param stored the key's scopes; undefined for one without restriction
 * @throws OnveraError ACCESS_DENIED
 */
export function refuseStronger(caller: Caller, stored: readonly Scope[] | undefined): void {
  if (caller.scopes === undefined) return;
  if (stored === undefined) {
    throw new OnveraError("ACCESS_DENIED", {
      message: "Access denied. This key has no restriction and yours has, so yours may not rotate it",
    });
  }
  refuseBeyond(caller.scopes, stored);
}

function refuseBeyond(own: readonly string[], wanted: readonly Scope[]): void {
  const excess = wanted.filter((scope) => !own.includes(scope));
  if (excess.length === 0) return;
  const message = `A key cannot do more than its maker. You do not have: ${excess.join(", ")}`;
  throw new OnveraError("ACCESS_DENIED", { message, fields: [{ pointer: "/scopes", message }] });
}
