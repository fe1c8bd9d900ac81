/** The OpenAPI document's frame: everything of it that is not a route. */
import { OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";

export const API_BASE = "/api/v1";

/** What `getOpenAPI31Document` is given. @param version the product's version */
export const openApiFrame = (version: string) => ({
  openapi: "3.1.0",
  info: {
    title: "Onvera API",
    version,
    description:
      "Managed Apache Airflow and Apache Superset. Every change is an operation: the request answers at once with its id, and `GET /api/v1/operations/{operation_id}` tells how it goes.",
    license: { name: "Apache-2.0", identifier: "Apache-2.0" },
  },
  servers: [{ url: "/", description: "This installation" }],
  tags: [
    { name: "Deployments", description: "One Airflow or Superset each." },
    { name: "Deployment actions", description: "Changes; each answers with an operation." },
    { name: "Deployment insight", description: "Logs, health, metrics, resources." },
    { name: "Operations", description: "The record of every asynchronous action." },
    { name: "Environments", description: "Where deployments live and how isolated they are." },
    { name: "Organizations", description: "The customer, and its projects." },
    { name: "Members", description: "Who is in the organization, as what, and how they come in." },
    { name: "Authentication", description: "API keys for programs, tokens for people." },
    { name: "API keys", description: "Made, listed and revoked here." },
    { name: "Audit", description: "Who did what, when." },
    { name: "Apps", description: "What can be deployed." },
    { name: "Platform", description: "Clusters and workers." },
    { name: "Service", description: "The service's own state." },
  ],
});

export const securitySchemes = {
  apiKey: { type: "apiKey", in: "header", name: "X-API-Key", description: "For programs: onv_sk_live_…" },
  bearer: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "For people: from POST /api/v1/auth/login",
  },
} as const;

/**
 * The whole document, made from the declared routes.
 * @param version the product's version
 */
export function openApiDocument(version: string, routes: readonly { path: string; config: RouteConfig }[]) {
  const document = new OpenAPIHono();
  for (const [name, scheme] of Object.entries(securitySchemes)) {
    document.openAPIRegistry.registerComponent("securitySchemes", name, scheme);
  }
  for (const { path, config } of routes) document.openAPIRegistry.registerPath({ ...config, path });
  return document.getOpenAPI31Document(openApiFrame(version), { sortComponents: "alphabetically" });
}
