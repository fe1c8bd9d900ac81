/**
 * The second wall alone (R7): the server with its own checks switched off, asked for a neighbour's rows by every route. Here, and nowhere in
 * the product, every question for a permission is answered "yes", and no statement says any more whose rows it means.
 */
import { afterAll, describe, expect, it, vi } from "vitest";
import type { PermissionFacts } from "../../src/domain/permissions.ts";
import { signInAnew } from "./role-matrix/asking.ts";
import { type SecondWall, startSecondWall } from "./second-wall/asking.ts";

const overruled = vi.hoisted(() => ({ count: 0 }));

vi.mock("../../src/domain/permissions.ts", async (original) => {
  const real = await original<typeof import("../../src/domain/permissions.ts")>();
  return {
    ...real,
    judge: (permission: keyof typeof real.permissions, grants: Parameters<typeof real.judge>[1]) => {
      const verdict = real.judge(permission, grants);
      const facts: PermissionFacts = real.permissions[permission];
      // The operator's are no walls between organizations: for the operator the database itself opens all of them.
      if (facts.role === "operator" || verdict === "allowed") return verdict;
      overruled.count += 1;
      return "allowed";
    },
    reaches: () => true,
  };
});

const TIMEOUT_MILLISECONDS = 280_000;
const walls: SecondWall[] = [];
afterAll(async () => {
  for (const { server } of walls) await server.close();
});

async function start(rowLevelSecurity: boolean): Promise<SecondWall> {
  const wall = await startSecondWall({ rowLevelSecurity });
  walls.push(wall);
  return wall;
}

/** The same request with the same key by one person in both organizations, and again in the neighbour's. @returns what each time was made */
async function askedInBoth({ server, neighbour, own }: SecondWall): Promise<string[]> {
  const { token } = await signInAnew({ server, organizationId: neighbour.organizationId }, "owner");
  const userId: string = (await server.call("GET", "/api/v1/whoami", { token })).body.data.user.id;
  const { organizationId } = own;
  await server.store.asPlatform((db) =>
    db.insertInto("memberships").values({ organization_id: organizationId, user_id: userId, role: "owner" }).execute(),
  );
  const made: string[] = [];
  for (const at of [neighbour.organizationId, organizationId, neighbour.organizationId]) {
    const headers = { "Idempotency-Key": "the-same", "X-Onvera-Organization": at };
    const body = { name: "Both", slug: "both" };
    made.push((await server.call("POST", "/api/v1/projects", { token, headers, body })).body.data?.id);
  }
  return made;
}

describe("with the application's own checks switched off (R7)", () => {
  it(
    "row-level security alone lets no route give out, act on or change a neighbour's row (R7)",
    async () => {
      const wall = await start(true);
      expect(wall.emptyTables).toEqual([]);
      const { findings, changed, statuses } = await wall.askAll();
      expect(findings).toEqual([]);
      expect(changed).toEqual([]);
      // They were all let in at the door, and nothing broke on the way.
      expect([statuses[401], statuses[429], statuses[500]]).toEqual([undefined, undefined, undefined]);
      expect(statuses[404]).toBeGreaterThan(300);
      // The checks really were off.
      expect(overruled.count).toBeGreaterThan(200);
      expect(wall.takenOut.built).toBeGreaterThan(300);
      expect(wall.takenOut.raw).toBeGreaterThan(20);

      expect(await wall.watchBoth()).toEqual([]);
      const [first, second, again] = await askedInBoth(wall);
      expect(again).toBe(first);
      expect(second).not.toBe(first);
    },
    TIMEOUT_MILLISECONDS,
  );

  it(
    "without it the same requests get at foreign rows, so that the proof above can fail (R7)",
    async () => {
      const wall = await start(false);
      expect(await wall.watchBoth()).not.toEqual([]);
      const [first, , again] = await askedInBoth(wall);
      expect(again).not.toBe(first);

      const { findings, changed } = await wall.askAll(["an owner's session"]);
      const leaking = new Set(findings.map(({ operationId }) => operationId));
      expect(leaking.size).toBeGreaterThan(55);
      expect([...leaking]).toEqual(
        expect.arrayContaining(["getDeployment", "listMembers", "exportAuditEvents", "streamActivity", "updateMember"]),
      );
      const ways = [...new Set(findings.map(({ by }) => by))];
      expect(ways).toEqual(
        expect.arrayContaining([
          "address",
          "another address",
          "filter cursor",
          "filter resource_id",
          "idempotency key",
          "stream",
        ]),
      );
      expect(changed).toEqual(
        expect.arrayContaining(["onvera.deployments", "onvera.memberships", "onvera.operations"]),
      );
    },
    TIMEOUT_MILLISECONDS,
  );
});
