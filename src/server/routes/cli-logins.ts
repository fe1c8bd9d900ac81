/** Handlers of signing in the command line by browser. */

import { writeAudit } from "../../store/audit.ts";
import { organizationOf, usableScopes } from "../caller.ts";
import * as contracts from "../contracts/cli-logins.ts";
import type { ServerDeps } from "../deps.ts";
import { beginCliLogin, cliLoginView, decideCliLogin, findCliLogin, redeemCliLogin } from "../services/cli-logins.ts";
import { audit, transact } from "../transact.ts";
import { newApi, POLL_SECONDS } from "./api.ts";

export const cliLoginRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.beginCliLogin, async (c) => {
      const { client } = c.req.valid("json");
      const { login, secret } = await transact(deps, null, (db) => beginCliLogin(db, { client, now: deps.now() }));
      const { id, code, expires_at } = cliLoginView(login);
      const approval_path = `/cli-login/${id}`;
      return c.json({ data: { id, code, secret, approval_path, expires_at, interval_seconds: POLL_SECONDS } }, 201);
    })

    .openapi(contracts.redeemCliLogin, async (c) => {
      const { secret } = c.req.valid("json");
      const redeemed = await transact(deps, null, async (db) => {
        const made = await redeemCliLogin(db, secret, deps.now());
        if (made) {
          await writeAudit(db, {
            organizationId: made.row.organization_id,
            actor: made.actor,
            origin: "cli",
            requestId: c.get("requestId"),
            action: "api_key.create",
            targetType: "api_key",
            targetId: made.row.id,
            change: { name: made.row.name, scopes: made.row.scopes, cli_login_id: made.login.id },
          });
        }
        return made;
      });
      if (!redeemed) {
        return c.json(
          { data: { status: "pending" as const, key: null, api_key_id: null, organization_id: null } },
          200,
        );
      }
      const { key, row } = redeemed;
      const data = { status: "approved" as const, key, api_key_id: row.id, organization_id: row.organization_id };
      return c.json({ data }, 200);
    })

    .openapi(contracts.getCliLogin, async (c) => {
      const { login_id: id } = c.req.valid("param");
      const login = await transact(deps, null, (db) => findCliLogin(db, id, deps.now()));
      return c.json({ data: cliLoginView(login) }, 200);
    })

    .openapi(contracts.approveCliLogin, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const { login_id: id } = c.req.valid("param");
      const approver = {
        userId: caller.userId,
        organizationId,
        scopes: caller.scopes === undefined ? undefined : usableScopes(caller),
      };
      const login = await transact(deps, null, async (db) => {
        const approved = await decideCliLogin(db, id, { approver, now: deps.now() });
        const change = { client: approved.client };
        const target = { targetType: "cli_login", targetId: approved.id };
        await audit(db, c, { organizationId, action: "auth.cli_login_approved", ...target, change });
        return approved;
      });
      return c.json({ data: cliLoginView(login) }, 200);
    })

    .openapi(contracts.denyCliLogin, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const { login_id: id } = c.req.valid("param");
      const login = await transact(deps, null, async (db) => {
        const denied = await decideCliLogin(db, id, { approver: undefined, now: deps.now() });
        const change = { client: denied.client };
        const target = { targetType: "cli_login", targetId: denied.id };
        await audit(db, c, { organizationId, action: "auth.cli_login_denied", ...target, change, outcome: "refused" });
        return denied;
      });
      return c.json({ data: cliLoginView(login) }, 200);
    });
