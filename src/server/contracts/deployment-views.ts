/** What can be seen of a deployment: logs, health, metrics, resources, outputs, events, operations, credentials, receipt. */
import { z } from "@hono/zod-openapi";
import { envelope, listOf, pageOf, pageQuery } from "../schemas/common.ts";
import { OperationEventView, OperationListQuery, OperationView } from "../schemas/operations.ts";
import {
  CredentialsView,
  HealthView,
  LogFileQuery,
  LogLineView,
  LogQuery,
  MetricsHistoryQuery,
  MetricsHistoryView,
  MetricsView,
  OutputsView,
  ReceiptView,
  ResourceView,
  StateVersionView,
} from "../schemas/runtime.ts";
import { declare, fileAnswer, jsonAnswer, jsonOrStream, problems } from "./declare.ts";
import { deploymentParam } from "./deployments.ts";

const tags = ["Deployment insight"];
const params = deploymentParam;

export const getLogs = declare("deployments.logs", {
  method: "get",
  path: "/deployments/{deployment_id}/logs",
  operationId: "getDeploymentLogs",
  tags,
  summary: "Read or follow the processes' logs",
  request: { params, query: LogQuery },
  responses: { 200: jsonOrStream("The lines, oldest first.", listOf(LogLineView)), ...problems(404) },
});

export const downloadLogs = declare("deployments.logs", {
  method: "get",
  path: "/deployments/{deployment_id}/logs/file",
  operationId: "downloadDeploymentLogs",
  tags,
  summary: "Everything kept of the processes' logs as one file",
  request: { params, query: LogFileQuery },
  responses: {
    200: fileAnswer("By time, as they come: moment, process and replica, text; or each line's record.", [
      "text/plain",
      "application/x-ndjson",
    ]),
    ...problems(404),
  },
});

export const getHealth = declare("deployments.read", {
  method: "get",
  path: "/deployments/{deployment_id}/health",
  operationId: "getDeploymentHealth",
  tags,
  summary: "Health of the front door and of every process",
  request: { params },
  responses: { 200: jsonAnswer("The health now.", envelope(HealthView)), ...problems(404) },
});

export const getMetrics = declare("deployments.read", {
  method: "get",
  path: "/deployments/{deployment_id}/metrics",
  operationId: "getDeploymentMetrics",
  tags,
  summary: "CPU, memory and requests",
  request: { params },
  responses: { 200: jsonAnswer("The figures now.", envelope(MetricsView)), ...problems(404) },
});

export const getMetricsHistory = declare("deployments.read", {
  method: "get",
  path: "/deployments/{deployment_id}/metrics/history",
  operationId: "getDeploymentMetricsHistory",
  tags,
  summary: "CPU, memory and requests over time",
  request: { params, query: MetricsHistoryQuery },
  responses: { 200: jsonAnswer("The figures, on an even grid.", envelope(MetricsHistoryView)), ...problems(404) },
});

export const getResources = declare("deployments.read", {
  method: "get",
  path: "/deployments/{deployment_id}/resources",
  operationId: "listDeploymentResources",
  tags,
  summary: "The stack's resources as a tree",
  request: { params, query: z.strictObject({ include: z.enum(["deleted"]).optional() }) },
  responses: { 200: jsonAnswer("The roots of the tree.", listOf(ResourceView)), ...problems(404) },
});

export const listStateVersions = declare("deployments.state", {
  method: "get",
  path: "/deployments/{deployment_id}/state/versions",
  operationId: "listStateVersions",
  tags,
  summary: "Versions of the stack's state that are kept",
  request: { params },
  responses: { 200: jsonAnswer("The versions, newest first.", listOf(StateVersionView)), ...problems(404) },
});

export const getOutputs = declare("deployments.read", {
  method: "get",
  path: "/deployments/{deployment_id}/outputs",
  operationId: "getDeploymentOutputs",
  tags,
  summary: "The stack's outputs, without secrets",
  request: { params },
  responses: { 200: jsonAnswer("The outputs of the last run.", envelope(OutputsView)), ...problems(404) },
});

export const listDeploymentEvents = declare("operations.read", {
  method: "get",
  path: "/deployments/{deployment_id}/events",
  operationId: "listDeploymentEvents",
  tags,
  summary: "Events of all the deployment's operations",
  request: { params, query: z.strictObject(pageQuery) },
  responses: { 200: jsonAnswer("A page of events, newest first.", pageOf(OperationEventView)), ...problems(404) },
});

export const listDeploymentOperations = declare("operations.read", {
  method: "get",
  path: "/deployments/{deployment_id}/operations",
  operationId: "listDeploymentOperations",
  tags,
  summary: "The deployment's operations",
  request: { params, query: OperationListQuery.omit({ resource_id: true }) },
  responses: { 200: jsonAnswer("A page of operations, newest first.", pageOf(OperationView)), ...problems(404) },
});

export const getCredentials = declare("deployments.credentials", {
  method: "get",
  path: "/deployments/{deployment_id}/credentials",
  operationId: "getDeploymentCredentials",
  tags,
  summary: "The app administrator's name and password",
  request: { params },
  responses: {
    200: jsonAnswer("The credentials; the reading is audited.", envelope(CredentialsView)),
    ...problems(404),
  },
});

export const getReceipt = declare("deployments.read", {
  method: "get",
  path: "/deployments/{deployment_id}/receipt",
  operationId: "getDestroyReceipt",
  tags,
  summary: "The receipt of the destroy",
  description: "Every resource ever recorded for the stack, looked up again after the destroy.",
  request: { params },
  responses: { 200: jsonAnswer("The receipt.", envelope(ReceiptView)), ...problems(404) },
});
