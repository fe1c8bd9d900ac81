/** The deployment routes as declared: list, create, read, change, destroy. */
import { envelope, pageOf } from "../schemas/common.ts";
import {
  Accepted,
  CreateDeployment,
  DeploymentListQuery,
  DeploymentView,
  UpdateDeployment,
} from "../schemas/deployments.ts";
import { declare, idParam, jsonAnswer, jsonBody, matchHeaders, postHeaders, problems } from "./declare.ts";

const tags = ["Deployments"];
export const deploymentParam = idParam("deployment_id", "dep_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e");

export const createDeployment = declare("deployments.create", {
  method: "post",
  path: "/deployments",
  operationId: "createDeployment",
  tags,
  summary: "Create a deployment",
  description: "Answers at once with the ids; the operation does the work. Follow it until it has ended.",
  request: { headers: postHeaders, body: jsonBody(CreateDeployment) },
  responses: {
    202: jsonAnswer("Accepted; the operation is queued.", envelope(Accepted)),
    ...problems(404, 409, 413, 415, 422),
  },
});

export const listDeployments = declare("deployments.read", {
  method: "get",
  path: "/deployments",
  operationId: "listDeployments",
  tags,
  summary: "List deployments",
  request: { query: DeploymentListQuery },
  responses: { 200: jsonAnswer("A page of deployments, newest first.", pageOf(DeploymentView)), ...problems(404) },
});

export const getDeployment = declare("deployments.read", {
  method: "get",
  path: "/deployments/{deployment_id}",
  operationId: "getDeployment",
  tags,
  summary: "Get a deployment",
  description: "A destroyed deployment still answers, with status `destroyed`.",
  request: { params: deploymentParam },
  responses: { 200: jsonAnswer("The deployment.", envelope(DeploymentView)), ...problems(404) },
});

export const updateDeployment = declare("deployments.update", {
  method: "patch",
  path: "/deployments/{deployment_id}",
  operationId: "updateDeployment",
  tags,
  summary: "Change a deployment",
  description:
    "Name and protection change at once (200). Version, size, replicas, variables, requirements and app settings become an operation (202). A change that changes nothing answers 200.",
  request: { params: deploymentParam, headers: matchHeaders, body: jsonBody(UpdateDeployment) },
  responses: {
    200: jsonAnswer("Changed at once.", envelope(DeploymentView)),
    202: jsonAnswer("Accepted; the operation is queued.", envelope(Accepted)),
    ...problems(404, 409, 412, 413, 415),
  },
});

export const destroyDeployment = declare("deployments.destroy", {
  method: "delete",
  path: "/deployments/{deployment_id}",
  operationId: "destroyDeployment",
  tags,
  summary: "Destroy a deployment, for ever",
  description:
    "IRREVERSIBLE. User access is revoked, the database with all its data is removed, then the infrastructure. Nothing of it can be brought back; only the record and a receipt stay. A protected deployment answers 409.",
  request: { params: deploymentParam, headers: matchHeaders },
  responses: {
    202: jsonAnswer("Accepted; the operation is queued.", envelope(Accepted)),
    ...problems(404, 409, 412),
  },
});
