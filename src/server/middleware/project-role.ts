/** A role in one project adds to the role in the organization, for requests about something in that project. */
import type { Context } from "hono";
import { effectiveRole } from "../../domain/membership.ts";
import { judge, type Permission } from "../../domain/permissions.ts";
import type { Caller, ServerEnv } from "../caller.ts";
import type { DeclaredRoute } from "../contracts/registry.ts";
import type { ServerDeps } from "../deps.ts";
import { projectOf, projectRoleOf } from "../services/project-roles.ts";
import { transact } from "../transact.ts";
import { DEFAULT_ENVIRONMENT } from "../views/deployment-view.ts";

const resourceParams = ["deployment_id", "operation_id", "environment_id", "project_id"] as const;

/**
 * The caller as this request counts them: raised to their project role where the organization's is too low.
 * Asked only then, so that everybody else pays nothing for it.
 */
export async function withProjectRole(
  deps: ServerDeps,
  c: Context<ServerEnv>,
  { caller, permission, route }: { caller: Caller; permission: Permission; route: DeclaredRoute },
): Promise<Caller> {
  const { organizationId, role, userId } = caller;
  if (organizationId === null || role === undefined || judge(permission, caller) !== "role-missing") return caller;
  const resource = await resourceNamed(c, route);
  if (resource === undefined) return caller;
  const projectRole = await transact(deps, organizationId, async (db) => {
    const projectId = await projectOf(db, organizationId, resource);
    return projectId === undefined ? undefined : projectRoleOf(db, { organizationId, projectId, userId });
  });
  return projectRole === undefined ? caller : { ...caller, role: effectiveRole(role, projectRole) };
}

/** What the request is about: named in the address, or, for a new deployment, the environment it goes into. */
async function resourceNamed(c: Context<ServerEnv>, route: DeclaredRoute): Promise<string | undefined> {
  const params = paramsOf(route.path, c.req.path);
  const named = resourceParams.map((name) => withPrefix(name, params[name])).find((value) => value !== undefined);
  if (named !== undefined || route.operationId !== "createDeployment") return named;
  const body: unknown = await c.req.json().catch(() => undefined);
  const wanted =
    typeof body === "object" && body !== null && "environment_id" in body ? body.environment_id : undefined;
  return typeof wanted === "string" ? withPrefix("environment_id", wanted) : DEFAULT_ENVIRONMENT;
}

/** The guard stands before every route, where the router has no parameters to give yet. */
function paramsOf(pattern: string, path: string): Record<string, string> {
  const given = path.split("/");
  const names = pattern.split("/").map((part) => /^\{(.+)\}$/.exec(part)?.[1]);
  return Object.fromEntries(names.flatMap((name, at) => (name === undefined ? [] : [[name, given[at] ?? ""]])));
}

const prefixes: Record<(typeof resourceParams)[number], string> = {
  deployment_id: "dep_",
  operation_id: "op_",
  environment_id: "env_",
  project_id: "proj_",
};

/** Ids are taken as bare UUIDs too. */
const withPrefix = (name: (typeof resourceParams)[number], value: string | undefined): string | undefined =>
  value === undefined || value.startsWith(prefixes[name]) ? value : `${prefixes[name]}${value}`;
