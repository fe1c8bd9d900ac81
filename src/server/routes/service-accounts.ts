/** Handlers of service accounts and their keys. */
import type { Context } from "hono";
import { scopesOf } from "../../domain/permissions.ts";
import { timestampOrNull } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import { organizationOf, type ServerEnv } from "../caller.ts";
import * as contracts from "../contracts/service-accounts.ts";
import type { ServerDeps } from "../deps.ts";
import { apiKeyView, insertApiKey, listApiKeys } from "../services/api-keys.ts";
import { readKeyWish } from "../services/key-wish.ts";
import { refuseMembership } from "../services/members.ts";
import {
  changeServiceAccount,
  deleteServiceAccount,
  findServiceAccount,
  insertServiceAccount,
  listServiceAccounts,
  type ServiceAccount,
  serviceAccountView,
} from "../services/service-accounts.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { newApi } from "./api.ts";

export const serviceAccountRoutes = (deps: ServerDeps) => {
  const note = (db: Scoped, c: Context<ServerEnv>, action: string, id: string, change?: Record<string, unknown>) =>
    audit(db, c, {
      organizationId: organizationOf(c.get("caller")),
      action: `service_account.${action}`,
      targetType: "service_account",
      targetId: id,
      change,
    });
  const keyViewOf = ({ role }: ServiceAccount) => {
    const allScopes = scopesOf({ role, isOperator: false });
    return (row: Parameters<typeof apiKeyView>[0]) => apiKeyView(row, { allScopes, now: deps.now() });
  };

  return newApi()
    .openapi(contracts.createServiceAccount, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const { name, description = "", role } = c.req.valid("json");
      refuseMembership(caller.role, { from: undefined, to: role });
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const wanted = { organizationId, name, description, role, createdBy: caller.userId };
        const account = await insertServiceAccount(db, wanted);
        await note(db, c, "create", account.id, { name, role });
        return { data: serviceAccountView(account) };
      });
      c.header("Location", body.data.links.self);
      return c.json(body, 201);
    })

    .openapi(contracts.listServiceAccounts, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const accounts = await transact(deps, organizationId, (db) => listServiceAccounts(db, organizationId));
      return c.json({ data: { items: accounts.map(serviceAccountView) } }, 200);
    })

    .openapi(contracts.getServiceAccount, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const id = c.req.valid("param").service_account_id;
      const account = await transact(deps, organizationId, (db) => findServiceAccount(db, organizationId, id));
      return c.json({ data: serviceAccountView(account) }, 200);
    })

    .openapi(contracts.updateServiceAccount, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const change = c.req.valid("json");
      const account = await transact(deps, organizationId, async (db) => {
        const found = await findServiceAccount(db, organizationId, c.req.valid("param").service_account_id);
        if (change.role !== undefined) refuseMembership(caller.role, { from: found.role, to: change.role });
        const { role, ...others } = change;
        const roles = role === undefined ? {} : { role: { from: found.role, to: role } };
        await note(db, c, "update", found.id, { ...others, ...roles });
        return changeServiceAccount(db, organizationId, found, change);
      });
      return c.json({ data: serviceAccountView(account) }, 200);
    })

    .openapi(contracts.deleteServiceAccount, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const data = await transact(deps, organizationId, async (db) => {
        const found = await findServiceAccount(db, organizationId, c.req.valid("param").service_account_id);
        refuseMembership(caller.role, { from: found.role, to: undefined });
        const { revokedKeys } = await deleteServiceAccount(db, organizationId, found);
        await note(db, c, "delete", found.id, { name: found.name, role: found.role, revoked_api_keys: revokedKeys });
        return { ...serviceAccountView(found), revoked_api_keys: revokedKeys };
      });
      return c.json({ data }, 200);
    })

    .openapi(contracts.createServiceAccountKey, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const wish = readKeyWish(caller, c.req.valid("json"), deps.now());
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const account = await findServiceAccount(db, organizationId, c.req.valid("param").service_account_id);
        const { key, row } = await insertApiKey(db, { organizationId, userId: account.id, ...wish });
        await audit(db, c, {
          organizationId,
          action: "api_key.create",
          targetType: "api_key",
          targetId: row.id,
          change: {
            name: row.name,
            scopes: row.scopes,
            expires_at: timestampOrNull(row.expires_at),
            service_account_id: account.id,
          },
        });
        return { data: { ...keyViewOf(account)(row), key } };
      });
      c.header("Location", body.data.links.self);
      return c.json(body, 201);
    })

    .openapi(contracts.listServiceAccountKeys, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const query = c.req.valid("query");
      const page = await transact(deps, organizationId, async (db) => {
        const account = await findServiceAccount(db, organizationId, c.req.valid("param").service_account_id);
        return listApiKeys(db, { organizationId, userId: account.id }, { query, view: keyViewOf(account) });
      });
      return c.json({ data: page }, 200);
    });
};
