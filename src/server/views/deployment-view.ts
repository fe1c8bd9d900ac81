/** A deployment as the API shows it. Pure: everything it needs is given. */
import { executorOf } from "../../domain/airflow-executor.ts";
import { availableActions } from "../../domain/deployment-gate.ts";
import { appTypeOf, type DeploymentSpec } from "../../domain/deployment-spec.ts";
import { publicUrl } from "../../domain/public-url.ts";
import { signInUrl } from "../../domain/sign-in.ts";
import { timestamp, timestampOrNull } from "../../domain/timestamps.ts";
import { API_BASE } from "../openapi.ts";
import type { DeploymentView, healthStates } from "../schemas/deployments.ts";
import { type DeploymentRow, gateFacts } from "../services/deployment-rows.ts";

export const MASK = "********";

/** The id that stands for every organization's default environment. */
export const DEFAULT_ENVIRONMENT = "env_default";

export interface DeploymentViewOptions {
  health: (typeof healthStates)[number];
  /** Whether the reader may see the values of environment and Airflow variables and of Superset settings. */
  reveal: boolean;
}

export function deploymentView(row: DeploymentRow, { health, reveal }: DeploymentViewOptions): DeploymentView {
  const facts = gateFacts(row);
  const current = facts.destroying ?? facts.changing;
  const self = `${API_BASE}/deployments/${row.id}`;
  const appType = appTypeOf(row.app_type);
  const environmentId = row.is_default ? DEFAULT_ENVIRONMENT : row.environment_id;
  return {
    id: row.id,
    name: row.name,
    app_type: row.app_type,
    status: row.status,
    url: row.status === "ready" ? urlOf(row) : null,
    sign_in_url: row.status === "ready" && appType !== undefined ? signInUrl(appType, urlOf(row)) : null,
    environment_id: environmentId,
    organization_id: row.organization_id,
    isolation_level: row.isolation_level,
    created_at: timestamp(row.created_at),
    power_state: row.spec.power_state,
    health,
    protected: row.protected,
    conditions: row.conditions.map((condition) => ({ ...condition, since: timestamp(new Date(condition.since)) })),
    current_operation_id: current?.id ?? null,
    available_actions: availableActions(facts),
    settings: settingsView(row.spec, reveal),
    revision: { wanted: row.wanted_revision, applied: row.applied_revision },
    destroyed_at: timestampOrNull(row.destroyed_at),
    links: {
      self,
      operation: current ? `${API_BASE}/operations/${current.id}` : null,
      operations: `${self}/operations`,
      environment: `${API_BASE}/environments/${environmentId}`,
      receipt: row.destroyed_at ? `${self}/receipt` : null,
    },
  };
}

export const urlOf = (row: DeploymentRow): string =>
  publicUrl(row.host_label, { kind: row.cluster_kind, domain: row.cluster_domain, settings: row.cluster_settings });

/** Changes whenever the deployment's row does; `If-Match` takes it. */
export const etagOf = (row: Pick<DeploymentRow, "id" | "version">): string => `"${row.id.slice(-8)}-${row.version}"`;

function settingsView(spec: DeploymentSpec, reveal: boolean): DeploymentView["settings"] {
  const values = reveal ? (entries: Record<string, string>) => entries : masked;
  return {
    version: spec.version,
    size: spec.size,
    replicas: spec.replicas,
    environment_variables: values(spec.environment_variables),
    requirements: spec.requirements,
    ...(spec.superset
      ? {
          superset: {
            feature_flags: spec.superset.feature_flags,
            config: reveal ? spec.superset.config : masked(spec.superset.config),
          },
        }
      : {}),
    ...(spec.airflow
      ? {
          airflow: {
            executor: executorOf(spec),
            dags: spec.airflow.dags ? { ...spec.airflow.dags, url: withoutPassword(spec.airflow.dags.url) } : null,
            connections: masked(spec.airflow.connections),
            variables: values(spec.airflow.variables),
          },
        }
      : {}),
  };
}

/** A Git URL may carry a password; who may see the deployment need not know it. */
const withoutPassword = (url: string): string => url.replace(/^([a-z]+:\/\/[^/@:]*:)[^/@]*@/, `$1${MASK}@`);

const masked = (entries: Record<string, unknown>): Record<string, string> =>
  Object.fromEntries(Object.keys(entries).map((name) => [name, MASK]));
