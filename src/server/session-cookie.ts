/** The refresh token of a browser: kept in a cookie no script can read, taken only from our own pages. */
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { OnveraError } from "../domain/errors.ts";
import type { ServerEnv } from "./caller.ts";

const NAME = "onvera_session";
const DAYS = 30;
/** What a browser keeps while it is away at an identity provider; read by our own page once it is back. */
const SIGN_IN = "onvera_sso";

/** A page always names its origin on a POST; over https the cookie is bound to this very host by its prefix. */
const isHttps = (c: Context<ServerEnv>) => (c.req.header("Origin") ?? "").startsWith("https://");

const options = (c: Context<ServerEnv>) => ({
  path: "/",
  httpOnly: true,
  sameSite: "Strict" as const,
  secure: isHttps(c),
  ...(isHttps(c) ? { prefix: "host" as const } : {}),
});

/**
 * Refuses a request that another site's page made: the cookie travels by itself, so who sent it must be known.
 * @throws OnveraError ACCESS_DENIED
 */
export function requireOwnPage(c: Context<ServerEnv>): void {
  const site = c.req.header("Sec-Fetch-Site");
  if (site !== undefined ? site === "same-origin" : isOwnOrigin(c)) return;
  throw new OnveraError("ACCESS_DENIED", { message: "Access denied. This comes from a page of another site" });
}

function isOwnOrigin(c: Context<ServerEnv>): boolean {
  const origin = c.req.header("Origin");
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === c.req.header("Host");
}

/** Gives the refresh token to the browser to keep. */
export function keepInCookie(c: Context<ServerEnv>, refreshToken: string): void {
  setCookie(c, NAME, refreshToken, { ...options(c), maxAge: DAYS * 24 * 3600 });
}

/** The refresh token the browser keeps; undefined where there is none. */
export function readCookie(c: Context<ServerEnv>): string | undefined {
  return isHttps(c) ? getCookie(c, NAME, "host") : getCookie(c, NAME);
}

/** Takes the cookie back. */
export function dropCookie(c: Context<ServerEnv>): void {
  deleteCookie(c, NAME, options(c));
}

/** Gives the browser the secret of a sign-in it has begun. */
export function keepSignIn(c: Context<ServerEnv>, secret: string, expires: Date): void {
  setCookie(c, SIGN_IN, secret, { ...options(c), expires });
}

/** The secret of the sign-in this browser began; undefined where it began none. */
export function readSignIn(c: Context<ServerEnv>): string | undefined {
  return isHttps(c) ? getCookie(c, SIGN_IN, "host") : getCookie(c, SIGN_IN);
}

/** A sign-in is tried once. */
export function dropSignIn(c: Context<ServerEnv>): void {
  deleteCookie(c, SIGN_IN, options(c));
}
