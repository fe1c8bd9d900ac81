/** Handlers of API keys. */
import type { Context } from "hono";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import { reaches, scopesOf } from "../../domain/permissions.ts";
import { timestampOrNull } from "../../domain/timestamps.ts";
import { organizationOf, type ServerEnv } from "../caller.ts";
import * as contracts from "../contracts/api-keys.ts";
import type { ServerDeps } from "../deps.ts";
import {
  apiKeyView,
  findApiKey,
  insertApiKey,
  isAccountKey,
  type KeyReader,
  listApiKeys,
  restrictionOf,
  revokeApiKey,
} from "../services/api-keys.ts";
import { rotateApiKey } from "../services/key-rotation.ts";
import { readKeyWish, refuseStronger } from "../services/key-wish.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { newApi } from "./api.ts";

export const apiKeyRoutes = (deps: ServerDeps) => {
  const readerOf = (c: Context<ServerEnv>): KeyReader => {
    const caller = c.get("caller");
    const seesAll = caller.role !== undefined && reaches(caller.role, "admin");
    return { organizationId: organizationOf(caller), userId: seesAll ? undefined : caller.userId };
  };
  const viewFor = (c: Context<ServerEnv>) => (row: Parameters<typeof apiKeyView>[0]) =>
    apiKeyView(row, { allScopes: scopesOf(c.get("caller")), now: deps.now() });
  const target = (id: string, organizationId: string) => ({ organizationId, targetType: "api_key", targetId: id });

  return newApi()
    .openapi(contracts.createApiKey, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const wish = readKeyWish(caller, c.req.valid("json"), deps.now());
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const { key, row } = await insertApiKey(db, { organizationId, userId: caller.userId, ...wish });
        await audit(db, c, {
          ...target(row.id, organizationId),
          action: "api_key.create",
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
          ...target(found.id, reader.organizationId),
          action: "api_key.revoke",
          change: { name: found.name },
        });
        return revoked;
      });
      return c.json({ data: viewFor(c)(row) }, 200);
    })

    .openapi(contracts.rotateApiKey, async (c) => {
      const caller = c.get("caller");
      const reader = readerOf(c);
      const { organizationId } = reader;
      const id = parseId("apiKey", c.req.valid("param").api_key_id) ?? "";
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const found = await findApiKey(db, reader, id, { lock: true });
        if (!found) throw new OnveraError("API_KEY_NOT_FOUND");
        if (found.user_id !== caller.userId && !isAccountKey(found)) {
          throw new OnveraError("ACCESS_DENIED", {
            message: "Access denied. A key acts as its person, so only they may have a new one in its place. Revoke it",
          });
        }
        refuseStronger(caller, restrictionOf(found));
        const { key, row, before } = await rotateApiKey(db, found, c.req.valid("json"), deps.now());
        await audit(db, c, {
          ...target(found.id, organizationId),
          action: "api_key.rotate",
          change: { name: row.name, replaced_by: row.id, valid_until: timestampOrNull(before.expires_at) },
        });
        return { data: { ...viewFor(c)(row), key, replaces: viewFor(c)(before) } };
      });
      c.header("Location", body.data.links.self);
      return c.json(body, 201);
    });
};
