/** Every declared route, for the document, the guard and the tests. */
import type { RouteConfig } from "@hono/zod-openapi";
import { API_BASE } from "../openapi.ts";
import * as abandon from "./abandon.ts";
import * as access from "./access.ts";
import * as apiKeys from "./api-keys.ts";
import * as appAccess from "./app-access.ts";
import * as appLogins from "./app-logins.ts";
import * as audit from "./audit.ts";
import * as cliLogins from "./cli-logins.ts";
import * as clusters from "./clusters.ts";
import { ACCESS_MEMBER, type Access } from "./declare.ts";
import * as actions from "./deployment-actions.ts";
import * as views from "./deployment-views.ts";
import * as deployments from "./deployments.ts";
import * as members from "./members.ts";
import * as operations from "./operations.ts";
import * as organization from "./organization.ts";
import * as projects from "./projects.ts";
import * as service from "./service.ts";
import * as serviceAccounts from "./service-accounts.ts";
import * as sso from "./sso.ts";
import * as webhooks from "./webhooks.ts";

export interface DeclaredRoute {
  operationId: string;
  method: string;
  /** As it is called, with `{name}` for parameters. */
  path: string;
  access: Access;
  config: RouteConfig;
}

/** Routes outside /api/v1. */
const atRoot = new Set(["getJwks", "healthz", "readyz", "readMetrics"]);

const modules = [
  deployments,
  actions,
  views,
  operations,
  organization,
  clusters,
  abandon,
  projects,
  members,
  access,
  apiKeys,
  serviceAccounts,
  sso,
  cliLogins,
  appLogins,
  appAccess,
  audit,
  webhooks,
  service,
];

/** All routes, in the order of their modules. */
export const declaredRoutes: readonly DeclaredRoute[] = modules
  .flatMap((module) => Object.values(module) as unknown[])
  .filter(isRoute)
  .map((config) => {
    const operationId = config.operationId ?? "";
    return {
      operationId,
      method: config.method.toUpperCase(),
      path: atRoot.has(operationId) ? config.path : `${API_BASE}${config.path}`,
      access: (config as unknown as Record<typeof ACCESS_MEMBER, Access>)[ACCESS_MEMBER],
      config,
    };
  });

function isRoute(value: unknown): value is RouteConfig {
  return typeof value === "object" && value !== null && ACCESS_MEMBER in value;
}
