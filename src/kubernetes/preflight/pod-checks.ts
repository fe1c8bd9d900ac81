/** What only pods can tell: tried in a namespace that is made for it and removed afterwards. */
import { randomBytes } from "node:crypto";
import type { KubernetesSettings } from "../../domain/kubernetes-settings.ts";
import { missing, ok, type PreflightFinding, unknown } from "../../domain/preflight-report.ts";
import type { ClusterClient } from "../client.ts";
import { ClusterFailure, clusterFailure } from "../failure.ts";
import { probePod, runProbe } from "./pod-probe.ts";

const checks = ["pod_security", "database_from_pods", "network_policy"] as const;

/** Whether Pod Security and NetworkPolicies hold there, and whether pods reach the database server. */
export async function podFindings(client: ClusterClient, settings: KubernetesSettings): Promise<PreflightFinding[]> {
  const namespace = `onvera-check-${randomBytes(4).toString("hex")}`;
  const labels = {
    "app.kubernetes.io/managed-by": "onvera",
    "pod-security.kubernetes.io/enforce": "restricted",
  };
  try {
    await client.ask("make a namespace", ({ core }) =>
      core.createNamespace({ body: { metadata: { name: namespace, labels } } }),
    );
  } catch (error) {
    const { message } = clusterFailure(error, "make a namespace");
    return checks.map((check) => unknown(check, message));
  }
  try {
    const security = await podSecurity(client, namespace, settings);
    return [security, ...(await throughTheNetwork(client, namespace, settings))];
  } finally {
    await client
      .ask("remove a namespace", ({ core }) => core.deleteNamespace({ name: namespace }))
      .catch(() => undefined);
  }
}

/** A pod that may do everything must not be let in; nothing is made. */
async function podSecurity(
  client: ClusterClient,
  namespace: string,
  settings: KubernetesSettings,
): Promise<PreflightFinding> {
  const body = probePod({
    name: "privileged",
    namespace,
    image: settings.check_image,
    script: "reaches",
    address: settings.database,
  });
  const [container] = body.spec?.containers ?? [];
  if (container) container.securityContext = { privileged: true };
  try {
    await client.ask("try a pod", ({ core }) => core.createNamespacedPod({ namespace, body, dryRun: "All" }));
  } catch (error) {
    const failure = clusterFailure(error, "try a pod");
    if (failure.reason === "forbidden" && /PodSecurity/.test(failure.message)) {
      return ok("pod_security", "A privileged pod is refused where the level is restricted.");
    }
    return unknown("pod_security", failure.message);
  }
  return missing(
    "pod_security",
    "A privileged pod is let in where the level is restricted.",
    "Switch the API server's PodSecurity admission on.",
  );
}

async function throughTheNetwork(
  client: ClusterClient,
  namespace: string,
  settings: KubernetesSettings,
): Promise<PreflightFinding[]> {
  const address = settings.database;
  const where = `${address.host}:${address.port}`;
  const probe = { namespace, image: settings.check_image, address };
  const cannotTell = (why: string) => [
    unknown("database_from_pods", `No pod could try: ${why}`, `The check runs image ${settings.check_image}.`),
    unknown("network_policy", "The API takes NetworkPolicies; whether the network heeds them could not be tried."),
  ];
  try {
    const open = await runProbe(client, { ...probe, name: "open", script: "reaches" });
    if (open.ended === "never") return cannotTell(open.why);
    if (open.ended === "failed") {
      return [
        missing(
          "database_from_pods",
          `A pod cannot connect to ${where}.`,
          "Open the way, or register the cluster with the address that pods reach (--database-address).",
        ),
        unknown("network_policy", "It is tried with the way to the database, which pods do not have."),
      ];
    }
    const reached = ok("database_from_pods", `A pod connects to ${where}.`);
    await client.ask("keep a pod from the network", ({ networking }) =>
      networking.createNamespacedNetworkPolicy({
        namespace,
        body: { metadata: { name: "none" }, spec: { podSelector: {}, policyTypes: ["Egress"] } },
      }),
    );
    const closed = await runProbe(client, { ...probe, name: "closed", script: "isKeptOut" });
    if (closed.ended === "never") return [reached, unknown("network_policy", `No pod could try: ${closed.why}`)];
    if (closed.ended === "succeeded") return [reached, ok("network_policy", "A pod that a policy shuts in stays in.")];
    return [
      reached,
      missing(
        "network_policy",
        "A pod that a policy shuts in still connects: nothing on this cluster enforces NetworkPolicies.",
        "Install a network that enforces them, such as Calico or Cilium; until then deployments are not kept apart.",
      ),
    ];
  } catch (error) {
    if (!(error instanceof ClusterFailure)) throw error;
    return cannotTell(error.message);
  }
}
