/** A server that ends between CREATE DATABASE and the mark leaves a database that only its owner tells. */
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAdminConnection } from "../../src/automation/targets/database-server/admin-connection.ts";
import { lookUpLocally } from "../../src/automation/targets/local/look-up.ts";
import { newId } from "../../src/domain/ids.ts";
import { ownershipMark } from "../../src/domain/names.ts";
import type { SupervisorClient } from "../../src/local/supervisor/client-port.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";

const [ours, theirs] = [newId("deployment"), newId("deployment")];
let server: ScratchPostgres;

beforeAll(async () => {
  server = await startScratchPostgres();
  const client = new pg.Client({ connectionString: server.connectionString() });
  await client.connect();
  const statements = [
    "CREATE ROLE our_owner",
    `COMMENT ON ROLE our_owner IS '${ownershipMark(ours)}'`,
    "CREATE ROLE their_owner",
    `COMMENT ON ROLE their_owner IS '${ownershipMark(theirs)}'`,
    "CREATE DATABASE half_made OWNER our_owner",
    "CREATE DATABASE half_made_by_others OWNER their_owner",
    "CREATE DATABASE given_away OWNER our_owner",
    `COMMENT ON DATABASE given_away IS '${ownershipMark(theirs)}'`,
    "CREATE DATABASE nobodys",
  ];
  for (const statement of statements) await client.query(statement);
  await client.end();
});
afterAll(() => server?.stop());

it.each([
  ["half_made", "present", true],
  ["half_made_by_others", "present", false],
  ["given_away", "present", false],
  ["nobodys", "present", false],
  ["never_made", "absent", false],
])("looked up by its owner where it has no mark yet: %s is %s, ours: %s (R5, NH-03)", async (name, found, isOurs) => {
  const admin = createAdminConnection(server.connectionString());
  const deps = { admin, supervisor: {} as SupervisorClient, benchFolder: "/nowhere" };
  const resource = { urn: "u", type: "postgresql:index/database:Database", physicalId: name };
  expect(await lookUpLocally(deps, ours, resource)).toMatchObject({ found, ours: isOurs });
});
