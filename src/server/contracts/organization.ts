/** Organizations, projects, environments and workers as declared. */
import { envelope, listOf } from "../schemas/common.ts";
import {
  CreateEnvironment,
  CreateOrganization,
  EnvironmentView,
  OrganizationQueue,
  OrganizationView,
  ProjectView,
  UpdateEnvironment,
  UpdateOrganizationQueue,
  WorkerView,
} from "../schemas/organization.ts";
import { declare, idParam, jsonAnswer, jsonBody, postHeaders, problems } from "./declare.ts";

const environmentParam = idParam("environment_id", "env_default");

export const listEnvironments = declare("environments.read", {
  method: "get",
  path: "/environments",
  operationId: "listEnvironments",
  tags: ["Environments"],
  summary: "List environments",
  request: {},
  responses: { 200: jsonAnswer("All environments of the organization.", listOf(EnvironmentView)), ...problems() },
});

export const getEnvironment = declare("environments.read", {
  method: "get",
  path: "/environments/{environment_id}",
  operationId: "getEnvironment",
  tags: ["Environments"],
  summary: "Get an environment",
  request: { params: environmentParam },
  responses: { 200: jsonAnswer("The environment.", envelope(EnvironmentView)), ...problems(404) },
});

export const createEnvironment = declare("environments.write", {
  method: "post",
  path: "/environments",
  operationId: "createEnvironment",
  tags: ["Environments"],
  summary: "Create an environment",
  description: "For the platform operator; others get 403 ENVIRONMENT_SYSTEM_OWNED.",
  request: { headers: postHeaders, body: jsonBody(CreateEnvironment) },
  responses: {
    201: jsonAnswer("The new environment.", envelope(EnvironmentView)),
    ...problems(404, 409, 413, 415, 422),
  },
});

export const updateEnvironment = declare("environments.write", {
  method: "patch",
  path: "/environments/{environment_id}",
  operationId: "updateEnvironment",
  tags: ["Environments"],
  summary: "Change an environment",
  description: "System-owned environments, the default among them, cannot be changed.",
  request: { params: environmentParam, body: jsonBody(UpdateEnvironment) },
  responses: { 200: jsonAnswer("The environment.", envelope(EnvironmentView)), ...problems(404, 413, 415) },
});

export const deleteEnvironment = declare("environments.write", {
  method: "delete",
  path: "/environments/{environment_id}",
  operationId: "deleteEnvironment",
  tags: ["Environments"],
  summary: "Delete an environment",
  description: "System-owned environments, the default among them, cannot be deleted; nor can one with deployments.",
  request: { params: environmentParam },
  responses: { 200: jsonAnswer("The environment that was.", envelope(EnvironmentView)), ...problems(404, 409) },
});

export const listOrganizations = declare("signed-in", {
  method: "get",
  path: "/organizations",
  operationId: "listOrganizations",
  tags: ["Organizations"],
  summary: "List the caller's organizations; all of them for the operator",
  request: {},
  responses: { 200: jsonAnswer("The organizations.", listOf(OrganizationView)), ...problems() },
});

export const getOrganization = declare("organizations.read", {
  method: "get",
  path: "/organizations/{organization_id}",
  operationId: "getOrganization",
  tags: ["Organizations"],
  summary: "Get an organization",
  request: { params: idParam("organization_id", "org_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e") },
  responses: { 200: jsonAnswer("The organization.", envelope(OrganizationView)), ...problems(404) },
});

const organizationParam = idParam("organization_id", "org_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e");

export const getOrganizationQueue = declare("organizations.read", {
  method: "get",
  path: "/organizations/{organization_id}/queue",
  operationId: "getOrganizationQueue",
  tags: ["Organizations"],
  summary: "How many operations run and wait, and how many may",
  request: { params: organizationParam },
  responses: { 200: jsonAnswer("The organization's queue.", envelope(OrganizationQueue)), ...problems(404) },
});

export const updateOrganizationQueue = declare("organizations.limit", {
  method: "patch",
  path: "/organizations/{organization_id}/queue",
  operationId: "updateOrganizationQueue",
  tags: ["Organizations"],
  summary: "Set how many operations of an organization may run and wait",
  request: { params: organizationParam, body: jsonBody(UpdateOrganizationQueue) },
  responses: { 200: jsonAnswer("The organization's queue.", envelope(OrganizationQueue)), ...problems(404, 413, 415) },
});

export const createOrganization = declare("organizations.create", {
  method: "post",
  path: "/organizations",
  operationId: "createOrganization",
  tags: ["Organizations"],
  summary: "Create an organization with its default project and environment",
  request: { headers: postHeaders, body: jsonBody(CreateOrganization) },
  responses: {
    201: jsonAnswer("The new organization.", envelope(OrganizationView)),
    ...problems(404, 409, 413, 415, 422),
  },
});

export const listProjects = declare("projects.read", {
  method: "get",
  path: "/projects",
  operationId: "listProjects",
  tags: ["Organizations"],
  summary: "List projects",
  request: {},
  responses: { 200: jsonAnswer("The projects.", listOf(ProjectView)), ...problems() },
});

export const getProject = declare("projects.read", {
  method: "get",
  path: "/projects/{project_id}",
  operationId: "getProject",
  tags: ["Organizations"],
  summary: "Get a project",
  request: { params: idParam("project_id", "proj_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e") },
  responses: { 200: jsonAnswer("The project.", envelope(ProjectView)), ...problems(404) },
});

const workerParam = idParam("worker_id", "wrk_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e");

export const drainWorker = declare("workers.manage", {
  method: "post",
  path: "/workers/{worker_id}/drain",
  operationId: "drainWorker",
  tags: ["Platform"],
  summary: "Let a worker take no new operations",
  description: "What it runs goes on to its end; then its state is `drained`. Asking twice is the same as asking once.",
  request: { params: workerParam, headers: postHeaders },
  responses: { 200: jsonAnswer("The worker.", envelope(WorkerView)), ...problems(404, 409) },
});

export const resumeWorker = declare("workers.manage", {
  method: "post",
  path: "/workers/{worker_id}/resume",
  operationId: "resumeWorker",
  tags: ["Platform"],
  summary: "Let a drained worker take operations again",
  request: { params: workerParam, headers: postHeaders },
  responses: { 200: jsonAnswer("The worker.", envelope(WorkerView)), ...problems(404, 409) },
});

export const listWorkers = declare("workers.read", {
  method: "get",
  path: "/workers",
  operationId: "listWorkers",
  tags: ["Platform"],
  summary: "List workers",
  request: {},
  responses: { 200: jsonAnswer("Workers that run or ran of late.", listOf(WorkerView)), ...problems() },
});
