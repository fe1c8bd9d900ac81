/** What a cluster's API server tells of the cluster, compared with what deployments need. */
import { missingPermissions, type Permission, permissionLines } from "../../domain/cluster-permissions.ts";
import type { KubernetesSettings } from "../../domain/kubernetes-settings.ts";
import { missing, ok, type PreflightCheck, type PreflightFinding, unknown } from "../../domain/preflight-report.ts";
import type { ClusterClient } from "../client.ts";
import { clusterFailure } from "../failure.ts";

/** Minor versions of Kubernetes 1 that deployments are made for; the newest is the one tests run on. */
const OLDEST_MINOR = 29;
const NEWEST_MINOR = 34;

/** Rules are asked for in a namespace that nobody has given anyone special rights in. */
const ANY_NAMESPACE = "onvera-check";
const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";

/** Whether a version will do. @param gitVersion `v1.34.1` */
export function versionFinding(gitVersion: string): PreflightFinding {
  const [, major, minor] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  const range = `1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}`;
  if (major === undefined || minor === undefined) {
    return unknown("version", `It says it is '${gitVersion}', which tells no version of Kubernetes.`);
  }
  if (major !== "1" || Number(minor) < OLDEST_MINOR) {
    return missing("version", `It runs ${gitVersion}; ${range} are supported.`, "Update the cluster.");
  }
  if (Number(minor) > NEWEST_MINOR) {
    return unknown("version", `It runs ${gitVersion}, which is newer than what was tested (${range}).`);
  }
  return ok("version", `It runs ${gitVersion}.`);
}

/** Which permissions of the table the account lacks. */
export async function permissionsFinding(client: ClusterClient): Promise<PreflightFinding> {
  const review = await client.ask("tell what this account may do", ({ authorization }) =>
    authorization.createSelfSubjectRulesReview({ body: { spec: { namespace: ANY_NAMESPACE } } }),
  );
  const lacking = await confirmed(client, missingPermissions(review.status?.resourceRules ?? []));
  if (lacking.length === 0) return ok("permissions", "The account may do all that deployments need.");
  return missing(
    "permissions",
    "The account lacks permissions.",
    "Install what 'onvera clusters manifest' prints, and register the cluster with that account's token.",
    permissionLines(lacking),
  );
}

/** Other authorizers than RBAC say nothing in a list of rules: what seems to be missing is asked for one by one. */
async function confirmed(client: ClusterClient, candidates: readonly Permission[]): Promise<Permission[]> {
  const answers = await Promise.all(
    candidates.map(async (wanted) => {
      const [resource = "", subresource] = wanted.resource.split("/");
      const resourceAttributes = {
        group: wanted.group,
        resource,
        verb: wanted.verb,
        ...(subresource !== undefined && { subresource }),
      };
      const review = await client.ask("tell what this account may do", ({ authorization }) =>
        authorization.createSelfSubjectAccessReview({ body: { spec: { resourceAttributes } } }),
      );
      return review.status?.allowed === true ? [] : [wanted];
    }),
  );
  return answers.flat();
}

/** Whether volumes can be made. */
export async function storageFinding(client: ClusterClient, wanted: string | null): Promise<PreflightFinding> {
  const { items } = await client.ask("list storage classes", ({ storage }) => storage.listStorageClass());
  const names = items.map(({ metadata }) => metadata?.name ?? "");
  const next = `Make one of these the cluster's: ${names.join(", ") || "there is none yet"}.`;
  if (wanted !== null) {
    if (names.includes(wanted)) return ok("storage_class", `Storage class ${wanted} is there.`);
    return missing("storage_class", `There is no storage class ${wanted}.`, next);
  }
  const usual = items.find(({ metadata }) => metadata?.annotations?.[DEFAULT_CLASS] === "true")?.metadata?.name;
  if (usual !== undefined) return ok("storage_class", `Storage class ${usual} is the default.`);
  return missing("storage_class", "No storage class is the default, and none was named.", next);
}

/** Whether somebody serves the front doors. */
export async function ingressFinding(client: ClusterClient, wanted: string): Promise<PreflightFinding> {
  const { items } = await client.ask("list ingress classes", ({ networking }) => networking.listIngressClass());
  const names = items.map(({ metadata }) => metadata?.name ?? "");
  if (names.includes(wanted)) return ok("ingress_class", `Ingress class ${wanted} is there.`);
  const others = names.length === 0 ? "Install an ingress controller" : `Choose one that is there: ${names.join(", ")}`;
  return missing("ingress_class", `There is no ingress class ${wanted}.`, `${others}.`);
}

/** Whether figures of pods are kept. */
export async function metricsFinding(client: ClusterClient): Promise<PreflightFinding> {
  try {
    await client.raw("show figures", { path: "/apis/metrics.k8s.io/v1beta1" });
    return ok("metrics", "The metrics API answers.");
  } catch (error) {
    const failure = clusterFailure(error, "show figures");
    if (failure.reason !== "not-found" && failure.reason !== "overloaded") throw failure;
    return missing(
      "metrics",
      "The metrics API does not answer; deployments run, and show no figures of processor and memory.",
      "Install metrics-server.",
    );
  }
}

/** All that can be asked of the API server alone; one that fails says so in its own finding. */
export async function apiFindings(client: ClusterClient, settings: KubernetesSettings): Promise<PreflightFinding[]> {
  const asked: [PreflightCheck, Promise<PreflightFinding>][] = [
    ["permissions", permissionsFinding(client)],
    ["storage_class", storageFinding(client, settings.storage_class)],
    ["ingress_class", ingressFinding(client, settings.ingress_class)],
    ["metrics", metricsFinding(client)],
  ];
  return Promise.all(
    asked.map(([check, finding]) =>
      finding.catch((error: unknown) => unknown(check, clusterFailure(error, "be looked at").message)),
    ),
  );
}
