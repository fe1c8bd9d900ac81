/** Checks a registered cluster and keeps the report. */
import { sql } from "kysely";
import type { ClusterAccess } from "../../domain/cluster-access.ts";
import { OnveraError } from "../../domain/errors.ts";
import type { KubernetesSettings } from "../../domain/kubernetes-settings.ts";
import {
  missing,
  type PreflightFinding,
  type PreflightReport,
  preflightChecks,
  unknown,
} from "../../domain/preflight-report.ts";
import { clusterFailure } from "../../kubernetes/failure.ts";
import { checkCluster } from "../../kubernetes/preflight/preflight.ts";
import { openAccess, openDatabaseUrl } from "../../store/crypto/cluster-secrets.ts";
import type { Scoped } from "../../store/database.ts";
import type { Cluster } from "../../store/tables/places.ts";
import type { ServerDeps } from "../deps.ts";
import { transact } from "../transact.ts";
import { kubernetesInUse, withCluster } from "./cluster-connection.ts";
import { readDatabaseUrl, requireOpen } from "./cluster-input.ts";
import { databaseRights } from "./database-rights.ts";

export interface CheckedCluster {
  report: PreflightReport;
  /** Of the cluster that answered; null when none did. */
  identity: string | null;
}

/**
 * Looks at the cluster and its database server; nothing is held open in our own database meanwhile.
 * @throws OnveraError RESOURCE_CONFLICT for a cluster that is no Kubernetes cluster, or was abandoned
 */
export async function checkRegistered(deps: ServerDeps, cluster: Cluster): Promise<CheckedCluster> {
  const settings = kubernetesInUse(cluster);
  const { access, databaseUrl } = await transact(deps, null, async (db) => ({
    access: await openAccess(db, deps.dataKeys, cluster),
    databaseUrl: await openDatabaseUrl(db, deps.dataKeys, cluster),
  }));
  const [asked, rights] = await Promise.all([
    askCluster(access, settings, { privateHosts: deps.privateClusterHosts, known: cluster.identity }),
    askDatabase(databaseUrl, settings.is_trusted, deps.privateClusterHosts),
  ]);
  const findings = [...asked.findings, rights];
  const report = {
    checked_at: deps.now().toISOString(),
    version: asked.version,
    findings: preflightChecks.map(
      (check) => findings.find((one) => one.check === check) ?? unknown(check, "The API server was not reached."),
    ),
  };
  return { report, identity: asked.identity };
}

/** Keeps a report; which cluster it is was told by the first that answered. */
export async function keepReport(db: Scoped, clusterId: string, { report, identity }: CheckedCluster): Promise<void> {
  await db
    .updateTable("clusters")
    .set({ preflight: JSON.stringify(report), identity: sql<string>`COALESCE(identity, ${identity})` })
    .where("id", "=", clusterId)
    .execute();
}

async function askCluster(
  access: ClusterAccess,
  settings: KubernetesSettings,
  { privateHosts, known }: { privateHosts: readonly string[]; known: string | null },
): ReturnType<typeof checkCluster> {
  try {
    return await withCluster(access, { isTrusted: settings.is_trusted, privateHosts }, (client) =>
      checkCluster(client, settings, known),
    );
  } catch (error) {
    const { message } = clusterFailure(error, "answer");
    return { version: null, identity: null, findings: [missing("reachable", message, "Ask the platform operator.")] };
  }
}

/** Whether the role of a URL may do what deployments need. Never rejects for what the server does. */
export async function askDatabase(
  databaseUrl: string,
  isTrusted: boolean,
  privateHosts: readonly string[],
): Promise<PreflightFinding> {
  try {
    await requireOpen(readDatabaseUrl(databaseUrl).host, "/database_url", { isOperator: isTrusted, privateHosts });
  } catch (error) {
    if (!(error instanceof OnveraError)) throw error;
    return missing("database_rights", error.message, "Ask the platform operator.");
  }
  return databaseRights(databaseUrl);
}
