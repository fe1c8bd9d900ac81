/** Projects made and changed, and the roles people have in one of them, as declared. */
import { z } from "@hono/zod-openapi";
import { envelope, listOf } from "../schemas/common.ts";
import { CreateProject, GrantProjectRole, ProjectRoleView, UpdateProject } from "../schemas/members.ts";
import { ProjectView } from "../schemas/organization.ts";
import { declare, idParam, jsonAnswer, jsonBody, postHeaders, problems } from "./declare.ts";

const tags = ["Organizations"];
const projectParam = idParam("project_id", "proj_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e");
const roleParams = z.object({
  ...projectParam.shape,
  ...idParam("user_id", "usr_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e").shape,
});

export const createProject = declare("projects.write", {
  method: "post",
  path: "/projects",
  operationId: "createProject",
  tags,
  summary: "Create a project",
  request: { headers: postHeaders, body: jsonBody(CreateProject) },
  responses: { 201: jsonAnswer("The new project.", envelope(ProjectView)), ...problems(409, 413, 415, 422) },
});

export const updateProject = declare("projects.write", {
  method: "patch",
  path: "/projects/{project_id}",
  operationId: "updateProject",
  tags,
  summary: "Rename a project",
  request: { params: projectParam, body: jsonBody(UpdateProject) },
  responses: { 200: jsonAnswer("The project.", envelope(ProjectView)), ...problems(404, 413, 415) },
});

export const deleteProject = declare("projects.write", {
  method: "delete",
  path: "/projects/{project_id}",
  operationId: "deleteProject",
  tags,
  summary: "Delete a project without environments",
  request: { params: projectParam },
  responses: { 200: jsonAnswer("The project that was.", envelope(ProjectView)), ...problems(404, 409) },
});

export const listProjectRoles = declare("projects.read", {
  method: "get",
  path: "/projects/{project_id}/roles",
  operationId: "listProjectRoles",
  tags,
  summary: "List the roles given in a project",
  request: { params: projectParam },
  responses: { 200: jsonAnswer("The roles.", listOf(ProjectRoleView)), ...problems(404) },
});

export const grantProjectRole = declare("projects.write", {
  method: "put",
  path: "/projects/{project_id}/roles/{user_id}",
  operationId: "grantProjectRole",
  tags,
  summary: "Give a member a role in a project",
  description: "It adds to their role in the organization and never takes anything away.",
  request: { params: roleParams, body: jsonBody(GrantProjectRole) },
  responses: { 200: jsonAnswer("The role.", envelope(ProjectRoleView)), ...problems(404, 413, 415) },
});

export const revokeProjectRole = declare("projects.write", {
  method: "delete",
  path: "/projects/{project_id}/roles/{user_id}",
  operationId: "revokeProjectRole",
  tags,
  summary: "Take a member's role in a project back",
  request: { params: roleParams },
  responses: { 200: jsonAnswer("The role that was.", envelope(ProjectRoleView)), ...problems(404) },
});
