/** Clusters as the API shows them: everything but what they are reached with. */
import { KubernetesSettings } from "../../domain/kubernetes-settings.ts";
import { isFit, type PreflightReport } from "../../domain/preflight-report.ts";
import { timestamp } from "../../domain/timestamps.ts";
import type { Cluster } from "../../store/tables/places.ts";
import { API_BASE } from "../openapi.ts";

export const clusterView = (row: Cluster) => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  domain: row.domain,
  shared: row.organization_id === null,
  state: row.abandoned_at === null ? ("active" as const) : ("abandoned" as const),
  kubernetes: row.kind === "kubernetes" ? kubernetesFacts(row.settings) : null,
  check: row.preflight && checkView(row.preflight),
  created_at: timestamp(row.created_at),
  links: { self: `${API_BASE}/clusters/${row.id}` },
});

export const checkView = (report: PreflightReport) => ({
  ...report,
  checked_at: timestamp(new Date(report.checked_at)),
  fit: isFit(report),
});

function kubernetesFacts(settings: unknown) {
  const { is_trusted: _, credentials_end: end, ...facts } = KubernetesSettings.parse(settings);
  return { ...facts, credentials_end: end === null ? null : timestamp(new Date(end)) };
}
