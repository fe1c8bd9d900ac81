/** One gate before every route: it knows the route's declared access, finds the caller, and refuses by default. */
import type { Context, Hono, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { OnveraError } from "../../domain/errors.ts";
import { type Caller, type Origin, requirePermission, type ServerEnv } from "../caller.ts";
import type { DeclaredRoute } from "../contracts/registry.ts";
import type { ServerDeps } from "../deps.ts";
import type { KeyUsage } from "../key-usage.ts";
import { authenticate } from "./authenticate.ts";
import { checkBody } from "./body.ts";
import { withProjectRole } from "./project-role.ts";
import type { RateLimiter } from "./rate-limit.ts";

const honoPath = (path: string) => path.replace(/\{([^}]+)\}/g, ":$1");
const keyOf = (method: string, path: string) => `${method} ${path}`;

/** Routes that tell whether the service lives are never limited. */
const unlimited = new Set(["healthz", "readyz"]);

export interface GuardOptions {
  deps: ServerDeps;
  routes: readonly DeclaredRoute[];
  limiter: RateLimiter;
  usage: KeyUsage;
}

/** Makes the guard; put it before every route. */
export function createGuard({ deps, routes, limiter, usage }: GuardOptions): MiddlewareHandler<ServerEnv> {
  const table = new Map(routes.map((route) => [keyOf(route.method, honoPath(route.path)), route]));
  const limits = deps.limits;

  return async (c, next) => {
    const route = declaredRoute(c, table);
    // No declared route: what follows answers 404 or 405, or is the docs page.
    if (!route) return next();
    c.set("route", route);
    const address = deps.addressOf(c) ?? "unknown";
    if (route.access === "public") {
      if (!unlimited.has(route.operationId)) limiter.take(c, `address ${address}`, limits.perAddress);
    } else {
      limiter.check(`failures ${address}`, limits.failuresPerAddress);
      const caller = await authenticate(deps, c).catch((error: unknown) => {
        if (error instanceof OnveraError) limiter.add(`failures ${address}`);
        throw error;
      });
      limiter.take(c, `caller ${caller.actor.id}`, limits.perCaller);
      c.set("caller", caller);
      c.set("origin", originOf(c, caller.kind));
      usage.record(caller, route.operationId, c.get("origin"));
      if (route.access !== "signed-in") {
        const { access: permission } = route;
        const acting = await withProjectRole(deps, c, { caller, permission, route });
        c.set("caller", acting);
        requirePermission(acting, permission);
      }
    }
    if (route.config.request?.body) return checkBody(c, next);
    return next();
  };
}

/**
 * Refuses to build an app with a route nobody declared, or without one that was.
 * @throws Error naming the routes
 */
export function assertAllDeclared(app: Hono<ServerEnv>, routes: readonly DeclaredRoute[]): void {
  const declared = new Set(routes.map((route) => keyOf(route.method, honoPath(route.path))));
  const served = new Set(
    app.routes
      .filter(
        (route) => route.method !== "ALL" && !route.path.startsWith("/docs") && !route.path.endsWith("/openapi.json"),
      )
      .map((route) => keyOf(route.method, route.path)),
  );
  const strangers = [...served].filter((route) => !declared.has(route));
  const missing = [...declared].filter((route) => !served.has(route));
  if (strangers.length > 0) throw new Error(`Routes without a permission entry: ${strangers.join(", ")}`);
  if (missing.length > 0) throw new Error(`Declared routes without a handler: ${missing.join(", ")}`);
}

/** The methods an address takes, for 405; empty when there is nothing at it. */
export function allowedMethods(path: string, routes: readonly DeclaredRoute[]): string[] {
  const methods = routes.filter((route) => patternOf(route.path).test(path)).map((route) => route.method);
  return [...new Set(methods.includes("GET") ? [...methods, "HEAD"] : methods)];
}

const patterns = new Map<string, RegExp>();
function patternOf(path: string): RegExp {
  const known = patterns.get(path);
  if (known) return known;
  const pattern = new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+")}$`);
  patterns.set(path, pattern);
  return pattern;
}

function declaredRoute(c: Context<ServerEnv>, table: Map<string, DeclaredRoute>): DeclaredRoute | undefined {
  const method = c.req.method === "HEAD" ? "GET" : c.req.method;
  for (const route of matchedRoutes(c)) {
    const declared = table.get(keyOf(method, route.path));
    if (declared) return declared;
  }
  return undefined;
}

function originOf(c: Context<ServerEnv>, kind: Caller["kind"]): Origin {
  if (/^onvera-cli\//.test(c.req.header("User-Agent") ?? "")) return "cli";
  return kind === "user" ? "web" : "api";
}
