/** Who is in a deployment's app: seen, and brought up to date at once. */
import { DeploymentAccessView } from "../schemas/app-access.ts";
import { envelope } from "../schemas/common.ts";
import { Accepted } from "../schemas/deployments.ts";
import { declare, jsonAnswer, postHeaders, problems } from "./declare.ts";
import { deploymentParam } from "./deployments.ts";

const tags = ["Members"];

export const getDeploymentAccess = declare("access.read", {
  method: "get",
  path: "/deployments/{deployment_id}/access",
  operationId: "getDeploymentAccess",
  tags,
  summary: "Who is to be in the deployment's app, and who is",
  description: "Members by address, then those who were removed. Members get there by themselves; see `state`.",
  request: { params: deploymentParam },
  responses: { 200: jsonAnswer("Everybody, and the last sync.", envelope(DeploymentAccessView)), ...problems(404) },
});

export const syncDeploymentAccess = declare("access.sync", {
  method: "post",
  path: "/deployments/{deployment_id}/access/sync",
  operationId: "syncDeploymentAccess",
  tags,
  summary: "Compare the app's people with the members now",
  description:
    "One that is queued or running already is joined; it is followed by another where it began before this request.",
  request: { params: deploymentParam, headers: postHeaders },
  responses: { 202: jsonAnswer("Accepted; the operation is queued.", envelope(Accepted)), ...problems(404, 409, 422) },
});
