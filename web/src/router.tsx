/** Every address of the dashboard. Pages beyond the first are loaded when they are opened. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { readListFilters } from "./deployments/list-filters.ts";
import { ListPage } from "./deployments/list-page.tsx";
import { NotFoundPage } from "./layout/not-found-page.tsx";
import { Shell } from "./layout/shell.tsx";
import { readOperationFilters } from "./operations/operation-filters.ts";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFoundPage });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/deployments" });
  },
});
const deployments = createRoute({
  getParentRoute: () => root,
  path: "/deployments",
  component: ListPage,
  validateSearch: readListFilters,
});
const create = createRoute({
  getParentRoute: () => root,
  path: "/deployments/new",
  component: lazyRouteComponent(() => import("./deployments/create-page.tsx"), "CreatePage"),
});
const deployment = createRoute({
  getParentRoute: () => root,
  path: "/deployments/$id",
  component: lazyRouteComponent(() => import("./deployments/deployment-page.tsx"), "DeploymentPage"),
  validateSearch: (search: Record<string, unknown>): { tab?: string; shape?: "graph" } => ({
    ...(typeof search.tab === "string" && { tab: search.tab }),
    ...(search.shape === "graph" && { shape: "graph" as const }),
  }),
});
const operations = createRoute({
  getParentRoute: () => root,
  path: "/operations",
  component: lazyRouteComponent(() => import("./operations/operations-page.tsx"), "OperationsPage"),
  validateSearch: readOperationFilters,
});
const operation = createRoute({
  getParentRoute: () => root,
  path: "/operations/$id",
  component: lazyRouteComponent(() => import("./operations/operation-page.tsx"), "OperationPage"),
});
const environments = createRoute({
  getParentRoute: () => root,
  path: "/environments",
  component: lazyRouteComponent(() => import("./organization/environments-page.tsx"), "EnvironmentsPage"),
});
const clusters = createRoute({
  getParentRoute: () => root,
  path: "/clusters",
  component: lazyRouteComponent(() => import("./platform/clusters-page.tsx"), "ClustersPage"),
});
const workers = createRoute({
  getParentRoute: () => root,
  path: "/workers",
  component: lazyRouteComponent(() => import("./platform/workers-page.tsx"), "WorkersPage"),
});
const apiKeys = createRoute({
  getParentRoute: () => root,
  path: "/api-keys",
  component: lazyRouteComponent(() => import("./organization/api-keys-page.tsx"), "ApiKeysPage"),
});
const serviceAccounts = createRoute({
  getParentRoute: () => root,
  path: "/service-accounts",
  component: lazyRouteComponent(() => import("./organization/service-accounts-page.tsx"), "ServiceAccountsPage"),
});
const serviceAccount = createRoute({
  getParentRoute: () => root,
  path: "/service-accounts/$id",
  component: lazyRouteComponent(() => import("./organization/service-account-page.tsx"), "ServiceAccountPage"),
});
const sso = createRoute({
  getParentRoute: () => root,
  path: "/single-sign-on",
  component: lazyRouteComponent(() => import("./organization/sso-page.tsx"), "SsoPage"),
});
const sessions = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  component: lazyRouteComponent(() => import("./session/sessions-page.tsx"), "SessionsPage"),
});
const cliLogin = createRoute({
  getParentRoute: () => root,
  path: "/cli-login/$loginId",
  component: lazyRouteComponent(() => import("./session/cli-login-page.tsx"), "CliLoginPage"),
});
const appLogin = createRoute({
  getParentRoute: () => root,
  path: "/app-login/$loginId",
  component: lazyRouteComponent(() => import("./session/app-login-page.tsx"), "AppLoginPage"),
});
const members = createRoute({
  getParentRoute: () => root,
  path: "/members",
  component: lazyRouteComponent(() => import("./members/members-page.tsx"), "MembersPage"),
});
const projects = createRoute({
  getParentRoute: () => root,
  path: "/projects",
  component: lazyRouteComponent(() => import("./projects/projects-page.tsx"), "ProjectsPage"),
});
const project = createRoute({
  getParentRoute: () => root,
  path: "/projects/$id",
  component: lazyRouteComponent(() => import("./projects/project-page.tsx"), "ProjectPage"),
});
const webhooks = createRoute({
  getParentRoute: () => root,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("./webhooks/webhooks-page.tsx"), "WebhooksPage"),
});
const webhook = createRoute({
  getParentRoute: () => root,
  path: "/webhooks/$id",
  component: lazyRouteComponent(() => import("./webhooks/webhook-page.tsx"), "WebhookPage"),
});
const audit = createRoute({
  getParentRoute: () => root,
  path: "/audit",
  component: lazyRouteComponent(() => import("./organization/audit-page.tsx"), "AuditPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    deployments,
    create,
    deployment,
    operations,
    operation,
    environments,
    clusters,
    workers,
    projects,
    project,
    members,
    apiKeys,
    serviceAccounts,
    serviceAccount,
    sso,
    sessions,
    cliLogin,
    appLogin,
    webhooks,
    webhook,
    audit,
  ]),
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
