/** Where a deployment answers: one rule for the API, the worker and the gateway (ON-29, TN-12). */

export interface ClusterAddress {
  kind: "local" | "kubernetes" | "eks";
  /** Domain the host label stands under; `localhost` on a laptop. */
  domain: string;
  settings: Record<string, unknown>;
}

/** `my-superset-abc123.localhost` */
export function publicHost(hostLabel: string, cluster: Pick<ClusterAddress, "domain">): string {
  return `${hostLabel}.${cluster.domain}`;
}

/** Under `.localhost` plain http on the gateway's port; under a real domain https only. */
export function publicUrl(hostLabel: string, cluster: ClusterAddress): string {
  const host = publicHost(hostLabel, cluster);
  const isLocalhost = cluster.domain === "localhost" || cluster.domain.endsWith(".localhost");
  if (isLocalhost) return `http://${host}${portPart(cluster.settings.gateway_http_port, 80)}`;
  return `https://${host}${portPart(cluster.settings.gateway_https_port, 443)}`;
}

function portPart(port: unknown, usual: number): string {
  return typeof port === "number" && port !== usual ? `:${port}` : "";
}
