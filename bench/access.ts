/** What carrying access into the apps costs the control plane: 1,000 members in 20 deployments, the apps themselves answering at once. */
import { sql } from "kysely";
import { newId } from "../src/domain/ids.ts";
import { type AccessRig, startAccessRig } from "../test/support/access-rig.ts";
import { startScratchPostgres } from "../test/support/postgres.ts";
import { type Figure, figureOf } from "./figure.ts";

const MEMBERS = 1000;
const DEPLOYMENTS = 20;
const SETTLED_SECONDS = 600;

/** @param runs of each measure but the first, which can be had once */
export async function access(runs: number): Promise<Figure[]> {
  const server = await startScratchPostgres();
  const rig = await startAccessRig(server);
  try {
    await rig.join("owner");
    await addMembers(rig, MEMBERS - 2);
    const { userId, email } = await rig.join("viewer");
    const deployments = await Promise.all(Array.from({ length: DEPLOYMENTS }, () => rig.deployApp()));
    const pairs = MEMBERS * DEPLOYMENTS;
    const first = await timed(async () => {
      await rig.work();
      await settled(rig);
    });
    const nothing: number[] = [];
    const change: number[] = [];
    for (let run = 0; run < runs; run++) {
      nothing.push(
        await timed(async () => {
          await rig.store.asPlatform((db) =>
            sql`UPDATE access_syncs SET due_at = now(), wanted_version = wanted_version + 1`.execute(db),
          );
          await rig.store.asPlatform((db) => sql`SELECT pg_notify('onvera_access_sync', '')`.execute(db));
          await settled(rig);
        }),
      );
      const before = deployments.map((id) => rig.app(id).writes.length);
      const role = run % 2 === 0 ? "developer" : "viewer";
      change.push(
        await timed(async () => {
          await rig.store.asPlatform((db) =>
            sql`UPDATE memberships SET role = ${role} WHERE user_id = ${userId}`.execute(db),
          );
          await settled(rig);
        }),
      );
      const writes = deployments.map((id, index) => rig.app(id).writes.slice(before[index]));
      if (writes.some((lines) => lines.length !== 1 || !lines[0]?.includes(email))) {
        throw new Error("A change of one member wrote somebody else, or not everywhere.");
      }
    }
    const each = (milliseconds: number) => (milliseconds * 1000) / pairs;
    const head = (label: string, unit: string) => ({ figure: "access", case: label, unit, aim: "" });
    return [
      figureOf(head(`${pairs} pairs, everybody new, per pair`, "µs"), { ours: [each(first)], peer: [] }),
      figureOf(head(`${pairs} pairs, nothing to do, per pair`, "µs"), { ours: nothing.map(each), peer: [] }),
      figureOf(head(`one change of role until all ${DEPLOYMENTS} apps have it`, "ms"), { ours: change, peer: [] }),
    ];
  } finally {
    await rig.stop();
    await server.stop();
  }
}

async function addMembers(rig: AccessRig, count: number): Promise<void> {
  const people = JSON.stringify(
    Array.from({ length: count }, (_, n) => ({ id: newId("user"), email: `m${n}@acme.example` })),
  );
  await rig.store.asPlatform(async (db) => {
    await sql`INSERT INTO users (id, email, name)
      SELECT id, email, 'Ann Lee' FROM jsonb_to_recordset(${people}::jsonb) AS person (id text, email text)`.execute(
      db,
    );
    await sql`INSERT INTO memberships (organization_id, user_id, role)
      SELECT ${rig.place.organizationId}, id, 'viewer' FROM jsonb_to_recordset(${people}::jsonb) AS person (id text)`.execute(
      db,
    );
  });
}

/** Until every deployment is synced to its newest version and no sync is under way. */
const settled = (rig: AccessRig): Promise<void> =>
  rig.until(async () => {
    const { rows } = await rig.store.asPlatform((db) =>
      sql<{
        done: boolean;
      }>`SELECT count(*) FILTER (WHERE synced_version = wanted_version) = ${DEPLOYMENTS} AND NOT EXISTS (
        SELECT FROM operations WHERE type = 'access.sync' AND status IN ('queued', 'running')) AS done FROM access_syncs`.execute(
        db,
      ),
    );
    return rows[0]?.done ?? false;
  }, SETTLED_SECONDS);

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
