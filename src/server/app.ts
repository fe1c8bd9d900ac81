/** The HTTP API as one app. It does not listen and does nothing until it is asked. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { OnveraError } from "../domain/errors.ts";
import { newId, parseId } from "../domain/ids.ts";
import { PROVIDER_PATH } from "../domain/sign-in.ts";
import type { ServerEnv } from "./caller.ts";
import { declaredRoutes } from "./contracts/registry.ts";
import type { ServerDeps } from "./deps.ts";
import { openStreams } from "./event-stream.ts";
import { createKeyUsage } from "./key-usage.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { checkAddress, limitBody } from "./middleware/body.ts";
import { allowedMethods, assertAllDeclared, createGuard } from "./middleware/guard.ts";
import { createObserver } from "./middleware/observe.ts";
import { createRateLimiter } from "./middleware/rate-limit.ts";
import { API_BASE, openApiDocument } from "./openapi.ts";
import { problemHandler, problemResponse } from "./problems.ts";
import { abandonRoutes } from "./routes/abandon.ts";
import { authRoutes, jwksRoutes } from "./routes/access.ts";
import { apiKeyRoutes } from "./routes/api-keys.ts";
import { appAccessRoutes } from "./routes/app-access.ts";
import { appLoginRoutes } from "./routes/app-logins.ts";
import { auditRoutes } from "./routes/audit.ts";
import { cliLoginRoutes } from "./routes/cli-logins.ts";
import { clusterRoutes } from "./routes/clusters.ts";
import { dashboardRoutes } from "./routes/dashboard.ts";
import { deploymentActionRoutes } from "./routes/deployment-actions.ts";
import { deploymentViewRoutes } from "./routes/deployment-views.ts";
import { deploymentRoutes } from "./routes/deployments.ts";
import { docsRoutes } from "./routes/docs.ts";
import { invitationRoutes, joiningRoutes, memberRoutes } from "./routes/members.ts";
import { operationRoutes } from "./routes/operations.ts";
import { environmentRoutes, organizationRoutes, platformRoutes } from "./routes/organization.ts";
import { projectRoutes } from "./routes/projects.ts";
import { serviceRoutes, stateRoutes } from "./routes/service.ts";
import { serviceAccountRoutes } from "./routes/service-accounts.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { ssoRoutes } from "./routes/sso.ts";
import { webhookRoutes } from "./routes/webhooks.ts";
import { serveProvider } from "./sign-in/mount.ts";
import { providerSource } from "./sign-in/provider.ts";

export interface ServerApp {
  fetch: OpenAPIHono<ServerEnv>["fetch"];
  request: OpenAPIHono<ServerEnv>["request"];
  /** Writes what is still open; call it before the store is closed. */
  drain(): Promise<void>;
}

/**
 * Builds the app.
 * @throws Error when a route has no permission entry, or an entry no route
 */
export function createApp(deps: ServerDeps): ServerApp {
  const app = new OpenAPIHono<ServerEnv>();
  const usage = createKeyUsage(deps);
  const limiter = createRateLimiter();
  const metrics = createMetrics({ ...deps, openStreams });
  const source = providerSource(deps);

  app.onError(problemHandler(deps.log));
  app.notFound((c) => {
    const allowed = allowedMethods(c.req.path, declaredRoutes);
    if (allowed.length === 0) return problemResponse(c, new OnveraError("NOT_FOUND"));
    c.header("Allow", allowed.join(", "));
    return problemResponse(c, new OnveraError("METHOD_NOT_ALLOWED"));
  });

  app.use("*", async (c, next) => {
    const given = c.req.header("X-Request-Id");
    const requestId = (given && parseId("request", given)) ?? newId("request");
    c.set("requestId", requestId);
    await next();
    c.res.headers.set("X-Request-Id", requestId);
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!c.res.headers.has(name)) c.res.headers.set(name, value);
    }
  });
  app.use("*", createObserver({ metrics, log: deps.log, tracer: deps.tracer }));
  app.use("*", checkAddress);
  // The documentation writes paths short in places; 308 keeps method and body.
  app.all("/v1/*", (c) => c.redirect(`/api${new URL(c.req.url).pathname}${new URL(c.req.url).search}`, 308));
  // The provider reads its requests itself, with limits of its own.
  app.all(`${PROVIDER_PATH}/*`, (c) => serveProvider(c, { deps, source, limiter, headers: securityHeaders }));
  app.use("*", limitBody);
  app.use("*", createGuard({ deps, routes: declaredRoutes, limiter, usage }));

  const served = [
    deploymentRoutes,
    deploymentActionRoutes,
    appAccessRoutes,
    deploymentViewRoutes,
    operationRoutes,
    environmentRoutes,
    organizationRoutes,
    projectRoutes,
    memberRoutes,
    invitationRoutes,
    joiningRoutes,
    clusterRoutes,
    abandonRoutes,
    platformRoutes,
    authRoutes,
    cliLoginRoutes,
    sessionRoutes,
    apiKeyRoutes,
    serviceAccountRoutes,
    ssoRoutes,
    auditRoutes,
    webhookRoutes,
    serviceRoutes,
  ];
  for (const routes of served) app.route(API_BASE, routes(deps));
  app.route(API_BASE, appLoginRoutes(deps, source));
  app.route("/", stateRoutes(deps, metrics));
  app.route("/", jwksRoutes(deps));
  app.route("/", docsRoutes(deps));
  let document: ReturnType<typeof openApiDocument> | undefined;
  app.get(`${API_BASE}/openapi.json`, (c) => {
    document ??= openApiDocument(deps.version, declaredRoutes);
    return c.json(document as object);
  });
  assertAllDeclared(app, declaredRoutes);
  app.route("/", dashboardRoutes(deps));

  return {
    fetch: app.fetch,
    request: app.request,
    drain: () => {
      metrics.stop();
      return usage.flush();
    },
  };
}

const securityHeaders: Record<string, string> = {
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};
