/** Rows of an installation with a past: deployments, their operations, events and audit lines, written by SQL. */
import { createHash } from "node:crypto";
import pg from "pg";
import { newSpec } from "../src/domain/spec-changes.ts";

export interface Past {
  deployments: number;
  /** Ended operations of each deployment. */
  operations: number;
}

/** Rows of the log that an ordinary operation leaves. */
const EVENTS_AN_OPERATION = 3;

/**
 * Fills an organization's past. Ids are time-ordered UUIDs, as the product's own.
 * @param superuser connection string of the database's superuser: triggers would say each row to every listener
 */
export async function writePast(superuser: string, organizationId: string, past: Past): Promise<void> {
  const client = new pg.Client({ connectionString: superuser });
  await client.connect();
  try {
    await client.query("SET session_replication_role = replica");
    for (const [statement, values] of statements(organizationId, past)) await client.query(statement, values);
    await client.query("VACUUM (ANALYZE)");
    await client.query("CHECKPOINT");
  } finally {
    await client.end();
  }
}

/** Organizations of one database have different ids. */
const markOf = (organizationId: string) => createHash("md5").update(organizationId).digest("hex").slice(0, 4);

/** Row n of a kind. */
const idOf = (mark: string) => (prefix: string, kind: number, n: string) =>
  `'${prefix}_' || lpad(to_hex(1700000000000 / 65536 + ${n}), 8, '0') || '-${mark}-7000-8000-' || lpad(to_hex(${kind}::bigint * 1000000000 + ${n}), 12, '0')`;
const past = (n: string) => `now() - interval '400 days' + ${n} * interval '3 seconds'`;

function statements(organizationId: string, { deployments, operations }: Past): [string, unknown[]][] {
  const mark = markOf(organizationId);
  const id = idOf(mark);
  const spec = JSON.stringify(newSpec("superset", {}));
  const actor = JSON.stringify({ kind: "system", id: "past", name: "past" });
  const each = `generate_series(1, ${deployments}) AS d`;
  const all = `${each}, generate_series(1, ${operations}) AS o`;
  const n = `((o - 1) * ${deployments} + d)`;
  return [
    [
      `INSERT INTO onvera.deployments (id, organization_id, environment_id, name, app_type, host_label, applied_revision,
         created_at, first_ready_at)
       SELECT ${id("dep", 1, "d")}, $1, (SELECT id FROM onvera.environments WHERE organization_id = $1 AND is_default),
         'past ' || d, 'superset', 'past-${mark}-' || d, 1, ${past("d")}, ${past("d")} FROM ${each}`,
      [organizationId],
    ],
    [
      `INSERT INTO onvera.deployment_specs (deployment_id, organization_id, revision, spec)
       SELECT ${id("dep", 1, "d")}, $1, 1, $2::jsonb FROM ${each}`,
      [organizationId, spec],
    ],
    [
      `INSERT INTO onvera.operations (id, organization_id, type, slot, resource_type, resource_id, status, phase, message, input,
         capability, attempt, requested_by, origin, requested_at, started_at, ended_at, next_event_seq)
       SELECT ${id("op", 2, n)}, $1, 'deployment.update', 'changing', 'deployment', ${id("dep", 1, "d")}, 'succeeded', 'ready',
         'Update complete', '{"revision": 1}', 'local:node-1', 1, $2::jsonb, 'api', ${past(n)}, ${past(n)}, ${past(n)}, 4
       FROM ${all}`,
      [organizationId, actor],
    ],
    [
      `INSERT INTO onvera.operation_events (operation_id, seq, organization_id, at, type, data)
       SELECT ${id("op", 2, n)}, e, $1, ${past(n)}, 'status', '{"status": "succeeded"}'
       FROM ${all}, generate_series(1, ${EVENTS_AN_OPERATION}) AS e`,
      [organizationId],
    ],
    [
      `INSERT INTO onvera.audit_events (organization_id, at, actor, origin, action, target_type, target_id)
       SELECT $1, ${past(n)}, $2::jsonb, 'api', 'deployment.update', 'deployment', ${id("dep", 1, "d")} FROM ${all}`,
      [organizationId, actor],
    ],
  ];
}

/** The id of the n-th deployment written for an organization, from 1. */
export function pastDeployment(organizationId: string, n: number): string {
  const hex = (value: bigint, width: number) => value.toString(16).padStart(width, "0");
  return `dep_${hex(1700000000000n / 65536n + BigInt(n), 8)}-${markOf(organizationId)}-7000-8000-${hex(1_000_000_000n + BigInt(n), 12)}`;
}
