/** Handlers of organizations' own identity providers, and of signing in by them. */
import { OnveraError } from "../../domain/errors.ts";
import { timestamp } from "../../domain/timestamps.ts";
import { circumstancesOf, organizationOf } from "../caller.ts";
import * as contracts from "../contracts/sso.ts";
import type { ServerDeps } from "../deps.ts";
import { type Check, checkProvider } from "../identity/provider.ts";
import {
  findProvider,
  type IdentityProvider,
  providerAddress,
  providerView,
  putProvider,
  readProvider,
  removeProvider,
  secretFor,
} from "../identity/settings.ts";
import { beginSignIn, finishSignIn } from "../identity/sign-in.ts";
import { dropSignIn, keepInCookie, keepSignIn, readSignIn, requireOwnPage } from "../session-cookie.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { newApi } from "./api.ts";

const noted = ({ issuer, client_id, sso_only, just_in_time, group_roles, default_role }: IdentityProvider) => ({
  issuer,
  client_id,
  sso_only,
  just_in_time,
  group_roles,
  default_role,
});

export const ssoRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.getSso, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await transact(deps, organizationId, (db) => readProvider(db, organizationId));
      return c.json({ data: row ? providerView(row) : null }, 200);
    })

    .openapi(contracts.putSso, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const wish = c.req.valid("json");
      const clientSecret = await transact(deps, organizationId, (db) =>
        secretFor(db, deps.dataKeys, organizationId, wish),
      );
      const address = { issuer: wish.issuer, clientId: wish.client_id, clientSecret };
      refuseUnfit(await checkProvider(address, deps.identity));
      const row = await transact(deps, organizationId, async (db) => {
        const stored = await putProvider(db, deps.dataKeys, organizationId, { wish, clientSecret });
        await audit(db, c, {
          organizationId,
          action: "sso.configure",
          targetType: "organization",
          targetId: organizationId,
          change: noted(stored),
        });
        return stored;
      });
      return c.json({ data: providerView(row) }, 200);
    })

    .openapi(contracts.testSso, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const address = await transact(deps, organizationId, async (db) =>
        providerAddress(db, deps.dataKeys, await findProvider(db, organizationId)),
      );
      const checks = await checkProvider(address, deps.identity);
      const report = { data: { ok: checks.every(({ ok }) => ok), checks } };
      return c.json(await answerOnce(deps, c, organizationId, async () => report), 200);
    })

    .openapi(contracts.deleteSso, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await transact(deps, organizationId, async (db) => {
        const gone = await removeProvider(db, organizationId);
        await audit(db, c, {
          organizationId,
          action: "sso.remove",
          targetType: "organization",
          targetId: organizationId,
          change: noted(gone),
        });
        return gone;
      });
      return c.json({ data: providerView(row) }, 200);
    })

    .openapi(contracts.beginSso, async (c) => {
      requireOwnPage(c);
      const { who } = c.req.valid("json");
      const origin = c.req.header("Origin") ?? new URL(c.req.url).origin;
      const { authorizationUrl, secret, expiresAt } = await beginSignIn(deps, { who, origin });
      keepSignIn(c, secret, expiresAt);
      return c.json({ data: { authorization_url: authorizationUrl, expires_at: timestamp(expiresAt) } }, 200);
    })

    .openapi(contracts.finishSso, async (c) => {
      requireOwnPage(c);
      const secret = readSignIn(c);
      dropSignIn(c);
      const { response } = c.req.valid("json");
      const { refresh_token: token, ...rest } = await finishSignIn(
        deps,
        { secret, response },
        circumstancesOf(c, deps),
      );
      keepInCookie(c, token);
      return c.json({ data: rest }, 200);
    });

/** @throws OnveraError VALIDATION_ERROR with everything that was found wrong */
function refuseUnfit(checks: readonly Check[]): void {
  const bad = checks.filter(({ ok }) => !ok);
  if (bad.length === 0) return;
  const fields = bad.map(({ name, detail }) => ({ pointer: "/issuer", message: `${name}: ${detail}` }));
  throw new OnveraError("VALIDATION_ERROR", {
    message: `/issuer: ${fields.map(({ message }) => message).join("; ")}`,
    fields,
  });
}
