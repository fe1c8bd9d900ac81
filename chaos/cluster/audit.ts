/**
 * Compares what was accepted, what the state says, what exists and what the API shows, with SQL of its own and none of
 * the product's code.
 */
import type { Cluster } from "./cluster.ts";

export interface Accepted {
  operationId: string;
  deploymentId: string;
}

export interface Findings {
  terminal: number;
  orphans: string[];
  duplicates: string[];
  lost: string[];
  /** State, reality and API that do not agree. */
  differences: string[];
  /** How operations failed, with how many did so. */
  causes: ReadonlyMap<string, number>;
}

interface OperationRow {
  id: string;
  type: string;
  status: string;
  failure: string | null;
  ends: number;
  events: number;
  last: number;
}

interface DeploymentRow {
  id: string;
  status: string;
  size: string | null;
}

interface StateResource {
  urn: string;
  type: string;
  id?: string;
  custom?: boolean;
  delete?: boolean;
}

const madeOnServer = new Set(["postgresql:index/role:Role", "postgresql:index/database:Database"]);
const connectionLimits: Readonly<Record<string, number>> = { small: 10, medium: 20, large: 40 };

/** Looks at everything once; nothing may be under way. */
export async function audit(cluster: Cluster, accepted: readonly Accepted[]): Promise<Findings> {
  const causes = new Map<string, number>();
  const findings: Findings = { terminal: 0, orphans: [], duplicates: [], lost: [], differences: [], causes };
  await auditOperations(cluster, accepted, findings, causes);
  const deployments = await cluster.ask<DeploymentRow>(
    `SELECT d.id, d.status, s.spec->>'size' AS size FROM onvera.deployments d
     LEFT JOIN onvera.deployment_specs s ON s.deployment_id = d.id AND s.revision = d.applied_revision`,
  );
  const states = await readStates(cluster);
  const real = await readReality(cluster);
  for (const deployment of deployments) {
    auditDeployment(deployment, states.get(deployment.id) ?? [], real, findings);
    await auditApi(cluster, deployment, findings);
  }
  const known = new Set(deployments.map(({ id }) => bare(id)));
  for (const name of real.keys()) {
    if (!known.has(name.slice(0, BARE_LENGTH))) findings.orphans.push(`${name} belongs to no deployment`);
  }
  return findings;
}

/** `ov_` and the 32 hexadecimal digits of the deployment's id. */
const BARE_LENGTH = 35;
const bare = (deploymentId: string) => `ov_${deploymentId.replace(/^dep_/, "").replaceAll("-", "")}`;

async function auditOperations(
  cluster: Cluster,
  accepted: readonly Accepted[],
  findings: Findings,
  causes: Map<string, number>,
): Promise<void> {
  const rows = await cluster.ask<OperationRow>(
    `SELECT o.id, o.type, o.status, o.type || ' ' || (o.error->>'code') || ': ' || (o.error->>'message') AS failure, count(*) FILTER (WHERE v.type = 'end')::int AS ends, count(v.seq)::int AS events,
       max(v.seq)::int AS last FROM onvera.operations o
     LEFT JOIN onvera.operation_events v ON v.operation_id = o.id GROUP BY o.id`,
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const { operationId } of accepted) {
    const row = byId.get(operationId);
    if (row === undefined) findings.lost.push(`${operationId} was accepted and has no row`);
    else if (row.status === "queued" || row.status === "running")
      findings.lost.push(`${operationId} is still ${row.status}`);
    else findings.terminal += 1;
  }
  const ids = accepted.map(({ operationId }) => operationId);
  for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index))) {
    findings.duplicates.push(`${id} answers two requests`);
  }
  const own = new Set(ids);
  for (const row of rows) {
    if (row.failure !== null) causes.set(row.failure, (causes.get(row.failure) ?? 0) + 1);
    // Only these are asked for with an Idempotency-Key until they are answered.
    const keyed = row.type === "deployment.create" || row.type === "deployment.restart";
    if (keyed && !own.has(row.id))
      findings.duplicates.push(`${row.id} exists although no request was answered with it`);
    if (row.ends > 1) findings.duplicates.push(`${row.id} ended ${row.ends} times`);
    if (row.events !== row.last)
      findings.lost.push(`${row.id} has ${row.events} events, the last is number ${row.last}`);
  }
}

async function readStates(cluster: Cluster): Promise<Map<string, StateResource[]>> {
  const rows = await cluster.ask<{ stack: string; data: { data: string } }>(
    `SELECT substring(key FROM '/stacks/[^/]+/([^/]+)[.]json$') AS stack, data FROM pulumi.pulumi_state
     WHERE key ~ '/[.]pulumi/stacks/[^/]+/[^/]+[.]json$'`,
  );
  return new Map(
    rows.map(({ stack, data }) => {
      const { checkpoint } = JSON.parse(Buffer.from(data.data, "base64").toString("utf8"));
      return [stack, (checkpoint.latest?.resources ?? []) as StateResource[]];
    }),
  );
}

/** Databases and roles of deployments by name, with the connection limit of a role. */
async function readReality(cluster: Cluster): Promise<Map<string, { limit: number | null }>> {
  const rows = await cluster.ask<{ name: string; limit: number | null }>(
    `SELECT datname AS name, NULL AS limit FROM pg_database WHERE datname LIKE 'ov\\_%'
     UNION ALL SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname LIKE 'ov\\_%'`,
    [],
    "postgres",
  );
  return new Map(rows.map(({ name, limit }) => [name, { limit }]));
}

function auditDeployment(
  { id, status, size }: DeploymentRow,
  state: StateResource[],
  real: Map<string, { limit: number | null }>,
  findings: Findings,
): void {
  const there = [...real.keys()].filter((name) => name.startsWith(bare(id)));
  const recorded = state.filter(({ type }) => madeOnServer.has(type)).map((resource) => resource.id ?? "");
  for (const urn of state.map((one) => one.urn).filter((one, index, all) => all.indexOf(one) !== index)) {
    findings.duplicates.push(`${urn} stands in the state twice`);
  }
  for (const name of there) if (!recorded.includes(name)) findings.orphans.push(`${name} (${status}) is in no state`);
  for (const name of recorded) {
    if (!there.includes(name)) findings.lost.push(`${name} (${status}) is in the state and does not exist`);
  }
  if (status === "destroyed" && state.length > 0) findings.orphans.push(`${id} is destroyed and has a state`);
  if (status !== "ready") return;
  if (recorded.length !== 4) findings.differences.push(`${id} is ready with ${recorded.length} of 4 recorded`);
  const limit = real.get(`${bare(id)}_a`)?.limit;
  if (limit !== connectionLimits[size ?? ""]) {
    findings.differences.push(`${id} is ${size}, and its login may open ${limit} connections`);
  }
}

async function auditApi(cluster: Cluster, { id, status }: DeploymentRow, findings: Findings): Promise<void> {
  const shown = await cluster.call("GET", `/deployments/${id}`);
  if (shown.body?.data?.status !== status) {
    findings.differences.push(`${id} is ${status}, the API says ${shown.status} ${shown.body?.data?.status}`);
  }
}
