/** Handlers of sign-in, tokens and API keys. */
import type { Context } from "hono";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import { reaches, scopesOf } from "../../domain/permissions.ts";
import { timestampOrNull } from "../../domain/timestamps.ts";
import { circumstancesOf, organizationOf, type ServerEnv, usableScopes } from "../caller.ts";
import * as contracts from "../contracts/access.ts";
import type { ServerDeps } from "../deps.ts";
import {
  apiKeyView,
  findApiKey,
  insertApiKey,
  type KeyReader,
  listApiKeys,
  revokeApiKey,
} from "../services/api-keys.ts";
import { refreshSession, revokeSession, signIn, type TokenPair } from "../services/sessions.ts";
import { dropCookie, keepInCookie, readCookie, requireOwnPage } from "../session-cookie.ts";
import { answerOnce, audit, transact } from "../transact.ts";
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
        return c.json({ data: await refreshSession(deps, token, circumstancesOf(c, deps)) }, 200);
      requireOwnPage(c);
      const kept = readCookie(c);
      if (kept === undefined) throw new OnveraError("INVALID_TOKEN", { message: "Nobody is signed in here" });
      return c.json({ data: withCookie(c, await refreshSession(deps, kept, circumstancesOf(c, deps))) }, 200);
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
          role === null || (caller.kind === "api_key" && organization.id !== caller.organizationId)
            ? []
            : [{ ...organization, role }],
        ),
        single_organization: deps.singleOrganization,
      };
      return c.json({ data }, 200);
    });

export const apiKeyRoutes = (deps: ServerDeps) => {
  const readerOf = (c: Context<ServerEnv>): KeyReader => {
    const caller = c.get("caller");
    const seesAll = caller.role !== undefined && reaches(caller.role, "admin");
    return { organizationId: organizationOf(caller), userId: seesAll ? undefined : caller.userId };
  };
  const viewFor = (c: Context<ServerEnv>) => (row: Parameters<typeof apiKeyView>[0]) =>
    apiKeyView(row, { allScopes: scopesOf(c.get("caller")), now: deps.now() });

  return newApi()
    .openapi(contracts.createApiKey, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const wanted = c.req.valid("json");
      const own = usableScopes(caller);
      const excess = wanted.scopes?.filter((scope) => !own.includes(scope)) ?? [];
      if (excess.length > 0) {
        const message = `A key cannot do more than its maker. You do not have: ${excess.join(", ")}`;
        throw new OnveraError("ACCESS_DENIED", { message, fields: [{ pointer: "/scopes", message }] });
      }
      const expiresAt = wanted.expires_at === undefined ? null : new Date(wanted.expires_at);
      if (expiresAt && expiresAt <= deps.now()) {
        const message = "The expiry lies in the past";
        throw new OnveraError("VALIDATION_ERROR", { message, fields: [{ pointer: "/expires_at", message }] });
      }
      // A restricted key makes restricted keys: "all" means all of its own.
      const scopes = wanted.scopes ?? (caller.scopes === undefined ? undefined : own);
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const { key, row } = await insertApiKey(db, {
          organizationId,
          userId: caller.userId,
          name: wanted.name,
          scopes,
          expiresAt,
        });
        await audit(db, c, {
          organizationId,
          action: "api_key.create",
          targetType: "api_key",
          targetId: row.id,
          change: { name: row.name, scopes: row.scopes, expires_at: timestampOrNull(row.expires_at) },
        });
        return { data: { ...viewFor(c)(row), key } };
      });
      c.header("Location", body.data.links.self);
      return c.json(body, 201);
    })

    .openapi(contracts.listApiKeys, async (c) => {
      const reader = readerOf(c);
      const query = c.req.valid("query");
      const page = await transact(deps, reader.organizationId, (db) =>
        listApiKeys(db, reader, { query, view: viewFor(c) }),
      );
      return c.json({ data: page }, 200);
    })

    .openapi(contracts.getApiKey, async (c) => {
      const reader = readerOf(c);
      const id = parseId("apiKey", c.req.valid("param").api_key_id) ?? "";
      const row = await transact(deps, reader.organizationId, (db) => findApiKey(db, reader, id));
      if (!row) throw new OnveraError("API_KEY_NOT_FOUND");
      return c.json({ data: viewFor(c)(row) }, 200);
    })

    .openapi(contracts.revokeApiKey, async (c) => {
      const reader = readerOf(c);
      const id = parseId("apiKey", c.req.valid("param").api_key_id) ?? "";
      const row = await transact(deps, reader.organizationId, async (db) => {
        const found = await findApiKey(db, reader, id);
        if (!found) throw new OnveraError("API_KEY_NOT_FOUND");
        const revoked = await revokeApiKey(db, found);
        await audit(db, c, {
          organizationId: reader.organizationId,
          action: "api_key.revoke",
          targetType: "api_key",
          targetId: found.id,
          change: { name: found.name },
        });
        return revoked;
      });
      return c.json({ data: viewFor(c)(row) }, 200);
    });
};

export const jwksRoutes = (deps: ServerDeps) =>
  newApi().openapi(contracts.jwks, async (c) => {
    const { keys } = await deps.tokens.jwks();
    return c.json({ keys: keys.map((key): Record<string, unknown> => ({ ...key })) }, 200);
  });
