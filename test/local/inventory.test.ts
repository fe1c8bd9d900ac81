/** The inventory a drift sweep goes by, of a real supervisor and a real database server: what is there is seen as recorded (P8). */
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createAdminConnection } from "../../src/automation/targets/database-server/admin-connection.ts";
import { takeInventory } from "../../src/automation/targets/local/inventory.ts";
import { databaseName, loginRoleName, ownershipMark } from "../../src/domain/names.ts";
import { type RunningSupervisor, startSupervisor } from "../../src/local/supervisor/start.ts";
import { type ScratchPostgres, startScratchPostgres } from "../support/postgres.ts";
import {
  clientOf,
  noGateway,
  processOf,
  removeHome,
  scratchHome,
  workloadOf,
  writeRevision,
} from "../support/supervisor.ts";

const id = "dep_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e";
const other = "dep_0192f3a1-7c55-7b7e-9d0a-000000000000";

let home: string;
let supervisor: RunningSupervisor;
let server: ScratchPostgres;

beforeAll(async () => {
  [home, server] = [scratchHome(), await startScratchPostgres()];
  supervisor = await startSupervisor({ ...noGateway, home });
  writeRevision(home, id, "1", workloadOf({ processes: [processOf("web", ["sleep", "600"])] }));
  const client = clientOf(home);
  await client.putDeployment(id);
  await client.putPackage(id, { lock: "test/1.0.0", extraRequirements: [] });
  await client.putProcess(id, "web", "1");
  const database = new pg.Client({ connectionString: server.connectionString() });
  await database.connect();
  await database.query(`CREATE ROLE ${loginRoleName(id, "a")}`);
  await database.query(`COMMENT ON ROLE ${loginRoleName(id, "a")} IS '${ownershipMark(id)}'`);
  await database.query(`CREATE ROLE ${loginRoleName(id, "b")}`);
  await database.query(`CREATE DATABASE ${databaseName(id)}`);
  await database.query(`COMMENT ON DATABASE ${databaseName(id)} IS '${ownershipMark(other)}'`);
  await database.end();
});
afterAll(async () => {
  await supervisor?.stop({ stopDeployments: true });
  removeHome(home);
  await server?.stop();
});

it("holds what is there and marked, not what is gone or another's, and says nothing of what it does not look at", async () => {
  const inventory = await takeInventory({
    admin: createAdminConnection(server.connectionString()),
    supervisor: clientOf(home),
    benchFolder: home,
  });
  const asked: [string, string][] = [
    ["onvera:local:Identity", id],
    ["onvera:local:Process", `${id}/web`],
    ["onvera:local:Process", `${id}/worker`],
    ["postgresql:index/role:Role", loginRoleName(id, "a")],
    ["postgresql:index/role:Role", loginRoleName(id, "b")],
    ["postgresql:index/database:Database", databaseName(id)],
    ["onvera:bench:Item", "item-0"],
    ["onvera:local:Route", "web.localhost"],
  ];
  const held = asked.map(([type, physicalId]) => inventory.holds(id, { type, physicalId }));
  expect(held).toEqual([true, true, false, true, false, false, false, undefined]);
  expect(inventory.holds(other, { type: "onvera:local:Identity", physicalId: other })).toBe(false);
});
