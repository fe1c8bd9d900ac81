/** Clusters as declared. */
import { ClusterCheck, ClusterView, CreateCluster, UpdateCluster } from "../schemas/clusters.ts";
import { envelope, listOf } from "../schemas/common.ts";
import { declare, idParam, jsonAnswer, jsonBody, postHeaders, problems } from "./declare.ts";

const tags = ["Platform"];
export const clusterParam = idParam("cluster_id", "clu_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e");
const params = clusterParam;

export const listClusters = declare("clusters.read", {
  method: "get",
  path: "/clusters",
  operationId: "listClusters",
  tags,
  summary: "List the clusters the organization can use",
  request: {},
  responses: { 200: jsonAnswer("The clusters.", listOf(ClusterView)), ...problems() },
});

export const getCluster = declare("clusters.read", {
  method: "get",
  path: "/clusters/{cluster_id}",
  operationId: "getCluster",
  tags,
  summary: "Get a cluster",
  request: { params },
  responses: { 200: jsonAnswer("The cluster.", envelope(ClusterView)), ...problems(404) },
});

export const createCluster = declare("clusters.write", {
  method: "post",
  path: "/clusters",
  operationId: "createCluster",
  tags,
  summary: "Register a Kubernetes cluster",
  description: "Kubeconfig and database URL are sealed and never shown again.",
  request: { headers: postHeaders, body: jsonBody(CreateCluster) },
  responses: {
    201: jsonAnswer("The cluster.", envelope(ClusterView)),
    ...problems(409, 413, 415, 422),
  },
});

export const updateCluster = declare("clusters.write", {
  method: "patch",
  path: "/clusters/{cluster_id}",
  operationId: "updateCluster",
  tags,
  summary: "Give a cluster other credentials",
  description:
    "They are tried first: the cluster must answer them, and be the one that was registered; the database server must be the same and let the role in. Otherwise nothing changes (409). Operations that run go on with them.",
  request: { params, body: jsonBody(UpdateCluster) },
  responses: { 200: jsonAnswer("The cluster.", envelope(ClusterView)), ...problems(404, 409, 413, 415) },
});

export const deleteCluster = declare("clusters.write", {
  method: "delete",
  path: "/clusters/{cluster_id}",
  operationId: "deleteCluster",
  tags,
  summary: "Take a cluster from the platform",
  description: "Nothing changes on the cluster. Refused while an environment that can be deployed into is on it.",
  request: { params },
  responses: { 200: jsonAnswer("The cluster that was.", envelope(ClusterView)), ...problems(404, 409) },
});

export const checkCluster = declare("clusters.write", {
  method: "post",
  path: "/clusters/{cluster_id}/check",
  operationId: "checkCluster",
  tags,
  summary: "Check what a cluster has and lacks",
  description:
    "Answers when it is done, after two minutes at most. Pods are run in a namespace that is made for it and removed. The report is kept with the cluster.",
  request: { params, headers: postHeaders },
  responses: { 200: jsonAnswer("What was found.", envelope(ClusterCheck)), ...problems(404, 409) },
});
