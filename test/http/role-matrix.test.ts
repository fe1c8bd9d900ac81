/** Every declared route as every kind of caller: what the permission table says is what happens, and nothing else is open. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { projectRoles } from "../../src/domain/membership.ts";
import {
  judge,
  type Permission,
  permissions,
  type Role,
  roles,
  type Scope,
  scopes,
} from "../../src/domain/permissions.ts";
import { type DeclaredRoute, declaredRoutes } from "../../src/server/contracts/registry.ts";
import { ask, type MatrixWorld, newMemberKey, signInAnew, startMatrixWorld } from "./role-matrix/asking.ts";
import { requests } from "./role-matrix/requests.ts";

/** Routes whose address names something of one organization. */
const foreign = (route: DeclaredRoute) =>
  /\{(deployment|operation|organization|project|api_key|user|invitation|webhook|service_account)_id\}/.test(route.path);

let world: MatrixWorld;

beforeAll(async () => {
  world = await startMatrixWorld();
});
afterAll(() => world.server.close());

const isPermission = (route: DeclaredRoute): route is DeclaredRoute & { access: Permission } =>
  route.access !== "public" && route.access !== "signed-in";

/** Writing environments is open to nobody but the operator, who is told apart by the handler (TN-1). */
const isEnvironmentWrite = (route: DeclaredRoute) => route.access === "environments.write";

it("has a request for every declared route, and every permission has a route or a reader", () => {
  expect(Object.keys(requests).sort()).toEqual(declaredRoutes.map(({ operationId }) => operationId).sort());
  const used = new Set(declaredRoutes.map(({ access }) => access));
  const unused = (Object.keys(permissions) as Permission[]).filter((name) => !used.has(name));
  expect(unused).toEqual(["environments.manage", "clusters.manage"]);
});

describe.each(declaredRoutes.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s",
  (_name, route) => {
    const { ok, ...others } = requests[route.operationId] ?? { ok: 0 };
    const isSpent = others.spendsAsker ?? false;

    if (route.access === "public") {
      it("answers without a key", async () => {
        expect((await ask(world, route, {})).status).toBe(ok);
      });
      return;
    }

    it("anonymous, expired and revoked callers get 401, and so does a browser's cookie by itself (R7)", async () => {
      const { keys, sessions } = world;
      for (const [credential, code] of [
        [{}, "MISSING_API_KEY"],
        [{ key: keys.expired }, "API_KEY_EXPIRED"],
        [{ key: keys.revoked }, "API_KEY_REVOKED"],
        [{ token: sessions.ended.token }, "SESSION_REVOKED"],
        [{ cookie: sessions.owner.cookie }, "MISSING_API_KEY"],
      ] as const) {
        const answer = await ask(world, route, credential);
        expect([answer.status, answer.body.error.code]).toEqual([401, code]);
      }
    });

    it.each([
      ["a key", ok, async (role: Role) => ({ key: isSpent ? await newMemberKey(world, role) : world.keys[role] })],
      [
        "a session",
        others.session ?? ok,
        async (role: Role) => (isSpent ? await signInAnew(world, role) : world.sessions[role]),
      ],
    ] as const)("each role gets what the permission table says, by %s (R7)", async (_by, expected, credentialOf) => {
      for (const role of roles) {
        const answer = await ask(world, route, await credentialOf(role));
        const allowed =
          !isPermission(route) || judge(route.access, { role, isOperator: false, scopes: undefined }) === "allowed";
        if (isEnvironmentWrite(route)) {
          expect([role, answer.status, answer.body.error.code]).toEqual([role, 403, "ENVIRONMENT_SYSTEM_OWNED"]);
        } else if (allowed) {
          expect([role, answer.status]).toEqual([role, expected]);
        } else {
          expect([role, answer.status, answer.body.error.code]).toEqual([role, 403, "ACCESS_DENIED"]);
        }
      }
    });

    it("a service account gets what the table says for its role, and never acts as a person (R7)", async () => {
      for (const role of projectRoles) {
        const answer = await ask(world, route, { key: world.keys[`account ${role}`] });
        const allowed =
          !isPermission(route) || judge(route.access, { role, isOperator: false, scopes: undefined }) === "allowed";
        const expected = !allowed || isEnvironmentWrite(route) ? 403 : (others.account ?? ok);
        expect([role, answer.status]).toEqual([role, expected]);
      }
    });

    it("the operator sees what a viewer sees in any organization, and does what is the operator's", async () => {
      const answer = await ask(world, route, { key: world.keys.operator }, world.organizationId);
      const allowed =
        !isPermission(route) ||
        judge(route.access, { role: "viewer", isOperator: true, scopes: undefined }) === "allowed";
      expect(answer.status).toBe(allowed ? (others.operator ?? ok) : 403);
    });

    it("another organization's owner gets 404 for what is not theirs, never 403 (ON-08)", async () => {
      const answer = await ask(world, route, { key: world.keys.stranger });
      if (isPermission(route) && permissions[route.access].role === "operator") expect(answer.status).toBe(403);
      else if (isEnvironmentWrite(route)) expect(answer.status).toBe(403);
      else if (foreign(route)) expect(answer.status).toBe(404);
      else expect(answer.status).toBe(others.stranger ?? ok);
      const chosen = await ask(world, route, { key: world.keys.stranger }, world.organizationId);
      expect([chosen.status, chosen.body.error.code]).toEqual([404, "ORGANIZATION_NOT_FOUND"]);
    });

    if (isPermission(route)) {
      it("a key with every scope but the one it needs gets 403 INSUFFICIENT_SCOPE", async () => {
        const { scope } = permissions[route.access];
        const others = scopes.filter((other): other is Scope => other !== scope);
        const { server, organizationId, owner, ownerKey } = world;
        const { key } = await server.addKey({ organizationId, userId: owner, scopes: others });
        const account = await server.addServiceAccount(ownerKey, { role: "admin", scopes: others });
        for (const wrong of [key, account.key]) {
          const answer = await ask(world, route, { key: wrong });
          expect([answer.status, answer.body.error.message]).toEqual([403, `Insufficient scope. Required: ${scope}`]);
        }
        await server.call("DELETE", `/api/v1/service-accounts/${account.id}`, { key: ownerKey });
      });
    }
  },
);
