/** Organizations, environments, projects and workers as the API shows them. */
import type { Selectable } from "kysely";
import { EnvironmentSettings } from "../../domain/kubernetes-settings.ts";
import type { Role } from "../../domain/permissions.ts";
import { timestamp } from "../../domain/timestamps.ts";
import type { OrganizationsTable, ProjectsTable } from "../../store/tables/organizations.ts";
import type { Environment } from "../../store/tables/places.ts";
import { API_BASE } from "../openapi.ts";
import type { WorkerState } from "../schemas/organization.ts";
import type { WorkerRow } from "../services/workers.ts";
import { DEFAULT_ENVIRONMENT } from "./deployment-view.ts";

export function environmentView(row: Environment) {
  const id = row.is_default ? DEFAULT_ENVIRONMENT : row.id;
  return {
    id,
    name: row.name,
    slug: row.slug,
    created_at: timestamp(row.created_at),
    is_default: row.is_default,
    owner: row.owner,
    isolation_level: row.isolation_level,
    project_id: row.project_id,
    cluster_id: row.cluster_id,
    own: ownOf(row.settings),
    links: { self: `${API_BASE}/environments/${id}` },
  };
}

function ownOf(settings: unknown) {
  const own = EnvironmentSettings.parse(settings);
  return {
    ingress_class: own.ingress_class ?? null,
    storage_class: own.storage_class ?? null,
    database: own.database ?? null,
    node_selector: own.node_selector ?? {},
    tolerations: own.tolerations ?? [],
  };
}

export const organizationView = (row: Selectable<OrganizationsTable>, role: Role | null) => ({
  id: row.id,
  name: row.name,
  slug: row.slug,
  created_at: timestamp(row.created_at),
  role,
  links: { self: `${API_BASE}/organizations/${row.id}` },
});

export const projectView = (row: Selectable<ProjectsTable>) => ({
  id: row.id,
  name: row.name,
  slug: row.slug,
  created_at: timestamp(row.created_at),
  links: { self: `${API_BASE}/projects/${row.id}` },
});

/** A worker that has not been heard of for so long counts as lost. */
export const LOST_MILLISECONDS = 60_000;

export function workerView(row: WorkerRow, now: Date) {
  return {
    id: row.id,
    node: row.node,
    host: row.host,
    pid: row.pid,
    capabilities: row.capabilities,
    slots: row.slots,
    version: row.version,
    state: workerState(row, now),
    operations: row.operations,
    drain_requested_at: row.drain_requested_at && timestamp(row.drain_requested_at),
    started_at: timestamp(row.started_at),
    heartbeat_at: timestamp(row.heartbeat_at),
  };
}

/** `drained` is one that has heard the wish and has nothing under way: it can be ended without anybody noticing. */
function workerState(row: WorkerRow, now: Date): WorkerState {
  if (row.stopped_at !== null) return "stopped";
  if (now.getTime() - row.heartbeat_at.getTime() > LOST_MILLISECONDS) return "lost";
  if (row.draining_since === null) return row.drain_requested_at === null ? "running" : "draining";
  return row.operations === 0 ? "drained" : "draining";
}
