import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { permissions } from "../../src/domain/permissions.ts";
import { declaredRoutes } from "../../src/server/contracts/registry.ts";
import { openApiDocument } from "../../src/server/openapi.ts";

const { version } = JSON.parse(readFileSync("package.json", "utf8"));
const document = JSON.parse(JSON.stringify(openApiDocument(version, declaredRoutes)));
const operations = Object.entries<Record<string, Record<string, unknown>>>(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);

describe("the OpenAPI document", () => {
  it("the committed openapi.json is what the routes say", () => {
    expect(JSON.parse(readFileSync("openapi.json", "utf8"))).toEqual(document);
  });

  it("every operation has an id of its own, a summary, a tag, and its permission", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations) {
      expect(operation.summary).toBeTruthy();
      expect(operation.tags).toHaveLength(1);
      const access = operation["x-onvera-permission"] as string;
      expect(["public", "signed-in", ...Object.keys(permissions)]).toContain(access);
      expect(operation.security).toEqual(access === "public" ? [] : [{ apiKey: [] }, { bearer: [] }]);
    }
  });

  it("every success is JSON with data, a stream of events or a file, every failure a problem", () => {
    const others: Record<string, string> = {
      streamActivity: "text/event-stream",
      exportAuditEvents: "text/csv",
      downloadDeploymentLogs: "text/plain",
      readMetrics: "text/plain",
    };
    for (const { path, method, operation } of operations) {
      const success = others[String(operation.operationId)] ?? "application/json";
      for (const [status, response] of Object.entries(operation.responses as Record<string, { content: object }>)) {
        const types = Object.keys(response.content);
        if (Number(status) >= 400)
          expect([path, method, status, types]).toEqual([path, method, status, ["application/problem+json"]]);
        else expect(types).toContain(success);
      }
    }
  });

  it("every POST but those of signing in takes an Idempotency-Key", () => {
    const signingIn = (path: string) => path.startsWith("/api/v1/auth/") || path === "/api/v1/invitations/accept";
    const posts = operations.filter(({ method, path }) => method === "post" && !signingIn(path));
    for (const { operation } of posts) {
      const names = (operation.parameters as { name: string }[]).map(({ name }) => name);
      expect(names).toContain("idempotency-key");
    }
    expect(posts.length).toBeGreaterThan(10);
  });

  it("names the schemas clients want by name", () => {
    const names = Object.keys(document.components.schemas);
    expect(names).toEqual(expect.arrayContaining(["Deployment", "Operation", "Problem", "Environment", "ApiKey"]));
  });
});
