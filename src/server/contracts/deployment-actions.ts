/** What can be done to a deployment, each an operation: plan, power, scale, DAG sync, and the operator's `pulumi`. */
import { envelope } from "../schemas/common.ts";
import { Accepted, PlanRequest, PulumiRequest, ScaleRequest, StateRestore } from "../schemas/deployments.ts";
import { changeHeaders, declare, jsonAnswer, jsonBody, problems } from "./declare.ts";
import { deploymentParam } from "./deployments.ts";

const tags = ["Deployment actions"];
const accepted = jsonAnswer("Accepted; the operation is queued.", envelope(Accepted));
const request = { params: deploymentParam, headers: changeHeaders };

export const planDeployment = declare("deployments.plan", {
  method: "post",
  path: "/deployments/{deployment_id}/plan",
  operationId: "planDeployment",
  tags,
  summary: "Show what an update or a destroy would do",
  description:
    "Changes nothing. The operation's `result` holds the resources with what happens to each, and what data would be lost.",
  request: { ...request, body: jsonBody(PlanRequest) },
  responses: { 202: accepted, ...problems(404, 409, 412, 413, 415, 422) },
});

export const startDeployment = declare("deployments.control", {
  method: "post",
  path: "/deployments/{deployment_id}/start",
  operationId: "startDeployment",
  tags,
  summary: "Start a stopped deployment",
  request,
  responses: { 202: accepted, ...problems(404, 409, 412, 422) },
});

export const stopDeployment = declare("deployments.control", {
  method: "post",
  path: "/deployments/{deployment_id}/stop",
  operationId: "stopDeployment",
  tags,
  summary: "Stop a deployment; data and address stay",
  request,
  responses: { 202: accepted, ...problems(404, 409, 412, 422) },
});

export const restartDeployment = declare("deployments.control", {
  method: "post",
  path: "/deployments/{deployment_id}/restart",
  operationId: "restartDeployment",
  tags,
  summary: "Restart every process: drain, then start",
  request,
  responses: { 202: accepted, ...problems(404, 409, 412, 422) },
});

export const scaleDeployment = declare("deployments.control", {
  method: "post",
  path: "/deployments/{deployment_id}/scale",
  operationId: "scaleDeployment",
  tags,
  summary: "Change how many copies of a process run",
  request: { ...request, body: jsonBody(ScaleRequest) },
  responses: { 202: accepted, ...problems(404, 409, 412, 413, 415, 422) },
});

export const rotateCredentials = declare("deployments.control", {
  method: "post",
  path: "/deployments/{deployment_id}/credentials/rotate",
  operationId: "rotateCredentials",
  tags,
  summary: "Change the database password; the app goes on answering",
  request,
  responses: { 202: accepted, ...problems(404, 409, 412, 422) },
});

export const syncDags = declare("deployments.control", {
  method: "post",
  path: "/deployments/{deployment_id}/dag-syncs",
  operationId: "syncDags",
  tags,
  summary: "Fetch the DAG repository now",
  request,
  responses: { 202: accepted, ...problems(404, 409, 412, 422) },
});

export const runPulumi = declare("deployments.pulumi", {
  method: "post",
  path: "/deployments/{deployment_id}/pulumi",
  operationId: "runPulumi",
  tags,
  summary: "Run a changing pulumi command on the stack",
  description:
    "For the platform operator. up, refresh, destroy, state and cancel run as an operation, under its lease.",
  request: { ...request, body: jsonBody(PulumiRequest) },
  responses: { 202: accepted, ...problems(404, 409, 412, 413, 415, 422) },
});

export const restoreState = declare("deployments.pulumi", {
  method: "post",
  path: "/deployments/{deployment_id}/state/restore",
  operationId: "restoreState",
  tags,
  summary: "Put an earlier state of the stack in place, look every resource up, mend what differs",
  description: "For the platform operator. Without a version nothing but the looking up and mending is done.",
  request: { ...request, body: jsonBody(StateRestore) },
  responses: { 202: accepted, ...problems(404, 409, 412, 413, 415, 422) },
});
