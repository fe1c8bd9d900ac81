/** Giving up what is on a cluster that is gone, as declared. */
import { AbandonRequest, ClusterLeaks, ClusterView, LeakListQuery } from "../schemas/clusters.ts";
import { envelope, pageOf } from "../schemas/common.ts";
import { ReceiptView } from "../schemas/runtime.ts";
import { clusterParam } from "./clusters.ts";
import { declare, jsonAnswer, jsonBody, postHeaders, problems } from "./declare.ts";
import { deploymentParam } from "./deployments.ts";

const GONE =
  "For a Kubernetes cluster that is gone: refused (409) while it answers, and while an operation runs. Nothing is removed anywhere; what may still be there is written down. Needs the name.";

export const abandonDeployment = declare("deployments.abandon", {
  method: "post",
  path: "/deployments/{deployment_id}/abandon",
  operationId: "abandonDeployment",
  tags: ["Deployments"],
  summary: "Give a deployment up whose cluster is gone",
  description: `${GONE} The deployment is \`destroyed\` afterwards, its receipt lists what nobody could look up.`,
  request: { params: deploymentParam, headers: postHeaders, body: jsonBody(AbandonRequest) },
  responses: {
    200: jsonAnswer("What may still be there.", envelope(ReceiptView)),
    ...problems(404, 409, 413, 415, 422),
  },
});

export const abandonCluster = declare("clusters.write", {
  method: "post",
  path: "/clusters/{cluster_id}/abandon",
  operationId: "abandonCluster",
  tags: ["Platform"],
  summary: "Give a cluster up that is gone, with every deployment on it",
  description: `${GONE} The cluster's secrets are forgotten.`,
  request: { params: clusterParam, headers: postHeaders, body: jsonBody(AbandonRequest) },
  responses: { 200: jsonAnswer("The cluster.", envelope(ClusterView)), ...problems(404, 409, 413, 415, 422) },
});

export const listClusterLeaks = declare("clusters.read", {
  method: "get",
  path: "/clusters/{cluster_id}/leaks",
  operationId: "listClusterLeaks",
  tags: ["Platform"],
  summary: "What may still be there of deployments that were abandoned on a cluster",
  description: "By deployment and resource: the organization's own; all of them for the platform operator.",
  request: { params: clusterParam, query: LeakListQuery },
  responses: {
    200: jsonAnswer("A page of abandoned deployments, newest first.", pageOf(ClusterLeaks)),
    ...problems(404),
  },
});
