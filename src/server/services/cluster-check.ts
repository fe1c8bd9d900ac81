/** Checks a registered cluster and keeps the report. */
import { addressVerdict } from "../../domain/address-verdict.ts";
import { OnveraError } from "../../domain/errors.ts";
import { KubernetesSettings } from "../../domain/kubernetes-settings.ts";
import { missing, type PreflightReport, preflightChecks, unknown } from "../../domain/preflight-report.ts";
import { connect } from "../../kubernetes/client.ts";
import { clusterFailure } from "../../kubernetes/failure.ts";
import { checkCluster } from "../../kubernetes/preflight/preflight.ts";
import { openAccess, openDatabaseUrl } from "../../store/crypto/cluster-secrets.ts";
import type { Cluster } from "../../store/schema.ts";
import type { ServerDeps } from "../deps.ts";
import { transact } from "../transact.ts";
import { readDatabaseUrl, requireOpen } from "./cluster-input.ts";
import { databaseRights } from "./database-rights.ts";

/**
 * Looks at the cluster and its database server; nothing is held open in our own database meanwhile.
 * @throws OnveraError RESOURCE_CONFLICT for a cluster that is no Kubernetes cluster, or was abandoned
 */
export async function checkRegistered(deps: ServerDeps, cluster: Cluster): Promise<PreflightReport> {
  if (cluster.kind !== "kubernetes" || cluster.abandoned_at !== null) {
    throw new OnveraError("RESOURCE_CONFLICT", { message: "Only a Kubernetes cluster that is in use can be checked" });
  }
  const settings = KubernetesSettings.parse(cluster.settings);
  const { access, databaseUrl } = await transact(deps, null, async (db) => ({
    access: await openAccess(db, deps.dataKeys, cluster),
    databaseUrl: await openDatabaseUrl(db, deps.dataKeys, cluster),
  }));
  const [asked, rights] = await Promise.all([
    askCluster(access, settings, deps.privateClusterHosts),
    askDatabase(databaseUrl, settings.is_trusted, deps.privateClusterHosts),
  ]);
  const findings = [...asked.findings, rights];
  return {
    checked_at: deps.now().toISOString(),
    version: asked.version,
    findings: preflightChecks.map(
      (check) => findings.find((one) => one.check === check) ?? unknown(check, "The API server was not reached."),
    ),
  };
}

async function askCluster(
  access: Parameters<typeof connect>[0],
  settings: KubernetesSettings,
  privateHosts: readonly string[],
): ReturnType<typeof checkCluster> {
  const host = new URL(access.server).hostname.replace(/^\[|\]$/g, "");
  const isFree = settings.is_trusted || privateHosts.includes(host);
  try {
    const client = await connect(access, {
      allows: isFree ? undefined : (address) => addressVerdict(address) === "open",
    });
    try {
      return await checkCluster(client, settings);
    } finally {
      client.close();
    }
  } catch (error) {
    const { message } = clusterFailure(error, "answer");
    return { version: null, findings: [missing("reachable", message, "Ask the platform operator.")] };
  }
}

async function askDatabase(databaseUrl: string, isTrusted: boolean, privateHosts: readonly string[]) {
  try {
    await requireOpen(readDatabaseUrl(databaseUrl).host, "/database_url", { isOperator: isTrusted, privateHosts });
  } catch (error) {
    if (!(error instanceof OnveraError)) throw error;
    return missing("database_rights", error.message, "Ask the platform operator.");
  }
  return databaseRights(databaseUrl);
}
