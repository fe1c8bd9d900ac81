/** A role in one project adds to the role in the organization, for requests about something in that project. */
import type { Context } from "hono";
import { prefixedId } from "../../domain/ids.ts";
import { effectiveRole } from "../../domain/membership.ts";
import { judge, type Permission } from "../../domain/permissions.ts";
import type { Caller, ServerEnv } from "../caller.ts";
import type { DeclaredRoute } from "../contracts/registry.ts";
import type { ServerDeps } from "../deps.ts";
import { projectOf, projectRoleOf } from "../services/project-roles.ts";
import { transact } from "../transact.ts";
import { DEFAULT_ENVIRONMENT } from "../views/deployment-view.ts";

/** Kinds that belong to a project; an address names one by `<kind>_id`. */
const kinds = ["deployment", "operation", "environment", "project"] as const;

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
  const [named] = kinds.flatMap((kind) => {
    const id = params[`${kind}_id`];
    // Ids are taken as bare UUIDs too.
    return id === undefined ? [] : [prefixedId(kind, id)];
  });
  if (named !== undefined || route.operationId !== "createDeployment") return named;
  const body: unknown = await c.req.json().catch(() => undefined);
  const wanted =
    typeof body === "object" && body !== null && "environment_id" in body ? body.environment_id : undefined;
  return typeof wanted === "string" ? prefixedId("environment", wanted) : DEFAULT_ENVIRONMENT;
}

/** The guard stands before every route, where the router has no parameters to give yet. */
function paramsOf(pattern: string, path: string): Record<string, string> {
  const given = path.split("/");
  const names = pattern.split("/").map((part) => /^\{(.+)\}$/.exec(part)?.[1]);
  return Object.fromEntries(names.flatMap((name, at) => (name === undefined ? [] : [[name, given[at] ?? ""]])));
}
