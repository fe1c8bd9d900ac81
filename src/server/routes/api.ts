/** What the route files share: the app they build on, and the usual answers. */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ZodError } from "zod";
import { OnveraError } from "../../domain/errors.ts";
import { organizationOf, type ServerEnv } from "../caller.ts";
import { escapePointer } from "../middleware/body.ts";
import { API_BASE } from "../openapi.ts";
import type { Requester } from "../services/requester.ts";

/** An app whose validation failures become the documented errors. */
export const newApi = () => new OpenAPIHono<ServerEnv>({ defaultHook: refuseInvalid });

/** Seconds between two polls that we advise. */
export const POLL_SECONDS = 2;

/** Who asks, as services want it. */
export const requesterOf = (c: Context<ServerEnv>): Requester => ({
  organizationId: organizationOf(c.get("caller")),
  actor: c.get("caller").actor,
  origin: c.get("origin"),
  requestId: c.get("requestId"),
});

/** The documented answer that starts an operation; sets Location and Retry-After. */
export function acceptedBody(deploymentId: string, operationId: string, warning?: string) {
  return {
    data: {
      deployment_id: deploymentId,
      operation_id: operationId,
      ...(warning === undefined ? {} : { warning }),
      links: {
        deployment: `${API_BASE}/deployments/${deploymentId}`,
        operation: `${API_BASE}/operations/${operationId}`,
      },
    },
  };
}

/** Headers of a 202. */
export function markAccepted(c: Context<ServerEnv>, operationId: string): void {
  c.set("operationId", operationId);
  c.header("Location", `${API_BASE}/operations/${operationId}`);
  c.header("Retry-After", String(POLL_SECONDS));
}

function refuseInvalid(result: { success: boolean; target?: string; error?: unknown }): void {
  if (result.success) return;
  const inBody = result.target === "json";
  const fields = (result.error as ZodError).issues.flatMap((issue) => {
    const names = issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return names.map((path) => ({
      pointer: inBody ? path.map((part) => `/${escapePointer(String(part))}`).join("") : `?${path.join(".")}`,
      message: issue.code === "unrecognized_keys" ? "There is no such field." : issue.message,
    }));
  });
  const [first] = fields;
  const what = first
    ? `${first.pointer === "" ? "The body" : first.pointer}: ${first.message}`
    : "The request is not valid";
  throw new OnveraError(inBody ? "VALIDATION_ERROR" : "INVALID_REQUEST", { message: what, fields });
}
