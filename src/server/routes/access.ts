/** Handlers of sign-in and tokens. */
import type { Context } from "hono";
import { OnveraError } from "../../domain/errors.ts";
import { circumstancesOf, type ServerEnv, usableScopes } from "../caller.ts";
import * as contracts from "../contracts/access.ts";
import type { ServerDeps } from "../deps.ts";
import { refreshSession, revokeSession, signIn, type TokenPair } from "../services/sessions.ts";
import { dropCookie, keepInCookie, readCookie, requireOwnPage } from "../session-cookie.ts";
import { audit, transact } from "../transact.ts";
import { newApi } from "./api.ts";

/** The answer a page gets: its refresh token went into the cookie. */
function withCookie(
  c: Context<ServerEnv>,
  { refresh_token: token, ...rest }: TokenPair,
): Omit<TokenPair, "refresh_token"> {
  keepInCookie(c, token);
  return rest;
}

export const authRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.login, async (c) => {
      const { email, password, organization_id: organizationId, cookie = false } = c.req.valid("json");
      if (cookie) requireOwnPage(c);
      const tokens = await signIn(deps, { email, password, organizationId }, circumstancesOf(c, deps));
      return c.json({ data: cookie ? withCookie(c, tokens) : tokens }, 200);
    })

    .openapi(contracts.refresh, async (c) => {
      const { refresh_token: token } = c.req.valid("json");
      if (token !== undefined)
        return c.json({ data: await refreshSession(deps, { token, inCookie: false }, circumstancesOf(c, deps)) }, 200);
      requireOwnPage(c);
      const kept = readCookie(c);
      if (kept === undefined) throw new OnveraError("INVALID_TOKEN", { message: "Nobody is signed in here" });
      const tokens = await refreshSession(deps, { token: kept, inCookie: true }, circumstancesOf(c, deps));
      return c.json({ data: withCookie(c, tokens) }, 200);
    })

    .openapi(contracts.logout, async (c) => {
      const { sessionId, organizationId } = c.get("caller");
      if (sessionId !== null) {
        await transact(deps, null, async (db) => {
          await revokeSession(db, sessionId);
          await audit(db, c, { organizationId, action: "auth.logout", targetType: "session", targetId: sessionId });
        });
      }
      if (readCookie(c) !== undefined) dropCookie(c);
      return c.json({ data: { session_id: sessionId, signed_out: sessionId !== null } }, 200);
    })

    .openapi(contracts.whoami, async (c) => {
      const caller = c.get("caller");
      const memberships = await transact(deps, null, (db) =>
        db
          .selectFrom("organizations as o")
          .leftJoin("memberships as m", (join) =>
            join.onRef("m.organization_id", "=", "o.id").on("m.user_id", "=", caller.userId),
          )
          .select(["o.id", "o.name", "o.slug", "m.role"])
          .where(({ eb, or }) =>
            or([eb("m.user_id", "=", caller.userId), eb("o.id", "=", caller.organizationId ?? "")]),
          )
          .orderBy("o.created_at")
          .execute(),
      );
      const current = memberships.find(({ id }) => id === caller.organizationId);
      const data = {
        kind: caller.kind,
        user: { id: caller.userId, email: caller.email, name: caller.userName },
        organization: current ? { id: current.id, name: current.name, slug: current.slug } : null,
        role: caller.role ?? null,
        is_platform_operator: caller.isOperator,
        scopes: usableScopes(caller),
        api_key_id: caller.apiKeyId,
        session_id: caller.sessionId,
        organizations: memberships.flatMap(({ role, ...organization }) =>
          role === null || (caller.confinedTo !== null && organization.id !== caller.confinedTo)
            ? []
            : [{ ...organization, role }],
        ),
        single_organization: deps.singleOrganization,
      };
      return c.json({ data }, 200);
    });

export const jwksRoutes = (deps: ServerDeps) =>
  newApi().openapi(contracts.jwks, async (c) => {
    const { keys } = await deps.tokens.jwks();
    return c.json({ keys: keys.map((key): Record<string, unknown> => ({ ...key })) }, 200);
  });
