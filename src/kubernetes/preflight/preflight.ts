/** The check of a cluster as a whole: what the API server tells, and what pods find out. */
import type { KubernetesSettings } from "../../domain/kubernetes-settings.ts";
import { missing, ok, type PreflightFinding } from "../../domain/preflight-report.ts";
import type { ClusterClient } from "../client.ts";
import { clusterFailure } from "../failure.ts";
import { apiFindings, versionFinding } from "./api-checks.ts";
import { podFindings } from "./pod-checks.ts";

/**
 * Checks a cluster; takes up to two minutes where pods are slow to start. Never rejects for what the cluster does.
 * @returns the version, null when the API server does not answer, and the findings
 */
export async function checkCluster(
  client: ClusterClient,
  settings: KubernetesSettings,
): Promise<{ version: string | null; findings: PreflightFinding[] }> {
  let version: string;
  try {
    // The version is told to anybody; a review of one's own rights needs an account.
    version = (await client.ask("tell its version", (apis) => apis.version.getCode())).gitVersion;
    await client.ask("tell who this is", ({ authorization }) =>
      authorization.createSelfSubjectRulesReview({ body: { spec: { namespace: "default" } } }),
    );
  } catch (error) {
    const failure = clusterFailure(error, "answer");
    const next =
      failure.reason === "unauthorized"
        ? "Give it a valid token or client certificate: onvera cluster update --kubeconfig <file>."
        : "Look whether the API server runs, and whether this machine reaches it.";
    return { version: null, findings: [missing("reachable", failure.message, next)] };
  }
  const [api, pods] = await Promise.all([apiFindings(client, settings), podFindings(client, settings)]);
  const reachable = ok("reachable", "The API server answers and knows the account.");
  return { version, findings: [reachable, versionFinding(version), ...api, ...pods] };
}
