/** The check of a cluster as a whole: what the API server tells, and what pods find out. */
import type { KubernetesSettings } from "../../domain/kubernetes-settings.ts";
import { missing, ok, type PreflightFinding } from "../../domain/preflight-report.ts";
import type { ClusterClient } from "../client.ts";
import { clusterFailure } from "../failure.ts";
import { clusterIdentity } from "../identity.ts";
import { apiFindings, versionFinding } from "./api-checks.ts";
import { podFindings } from "./pod-checks.ts";

/**
 * Checks a cluster; takes up to two minutes where pods are slow to start. Never rejects for what the cluster does.
 * @param known the cluster's identity; null when nobody knows it yet. No pod is started in another cluster
 * @returns the version and the identity, null when the API server does not answer, and the findings
 */
export async function checkCluster(
  client: ClusterClient,
  settings: KubernetesSettings,
  known: string | null,
): Promise<{ version: string | null; identity: string | null; findings: PreflightFinding[] }> {
  let version: string;
  let identity: string | null;
  try {
    // The version is told to anybody; a review of one's own rights needs an account.
    version = (await client.ask("tell its version", (apis) => apis.version.getCode())).gitVersion;
    await client.ask("tell who this is", ({ authorization }) =>
      authorization.createSelfSubjectRulesReview({ body: { spec: { namespace: "default" } } }),
    );
    identity = await identityOr(client, known);
  } catch (error) {
    const failure = clusterFailure(error, "answer");
    const next =
      failure.reason === "unauthorized"
        ? "Give it a valid token or client certificate: onvera clusters update <cluster> --kubeconfig <file>."
        : "Look whether the API server runs, and whether this machine reaches it.";
    return { version: null, identity: null, findings: [missing("reachable", failure.message, next)] };
  }
  if (known !== null && identity !== known) {
    const detail = "Another cluster answers at its address than the one that was registered.";
    const next = "Register the new one under another name; give the old one up if it is gone: onvera clusters abandon.";
    return { version, identity, findings: [missing("reachable", detail, next)] };
  }
  const [api, pods] = await Promise.all([apiFindings(client, settings), podFindings(client, settings)]);
  const reachable = ok("reachable", "The API server answers and knows the account.");
  return { version, identity, findings: [reachable, versionFinding(version), ...api, ...pods] };
}

/** An account that may not read it is told among the permissions; the cluster is taken for the known one then. */
async function identityOr(client: ClusterClient, known: string | null): Promise<string | null> {
  try {
    return await clusterIdentity(client);
  } catch (error) {
    if (clusterFailure(error, "answer").reason === "forbidden") return known;
    throw error;
  }
}
