/** How a route is declared: its permission, its schemas, and every problem it can answer with. */
import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import { type Permission, permissions } from "../../domain/permissions.ts";
import { Problem } from "../schemas/common.ts";

/** `public` needs no caller, `signed-in` any caller; everything else names an entry of the permission table. */
export type Access = Permission | "public" | "signed-in";

/** Where a declared route carries its access; the guard reads it and refuses to start without it. */
export const ACCESS_MEMBER = "x-onvera-permission";

/**
 * Declares a route. Deny by default: there is no way to declare one without saying who may use it.
 * @param access who may use it
 */
export function declare<const P extends string, const R extends Omit<RouteConfig, "path"> & { path: P }>(
  access: Access,
  config: R,
): R & ReturnType<typeof createRoute<P, R>> {
  const security = access === "public" ? [] : [{ apiKey: [] }, { bearer: [] }];
  const scope = access === "public" || access === "signed-in" ? undefined : permissions[access].scope;
  return createRoute<P, R>({
    ...config,
    security,
    [ACCESS_MEMBER]: access,
    ...(scope === undefined ? {} : { "x-onvera-scope": scope }),
  } as R);
}

type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 422 | 429 | 500 | 503;
type Problems<S extends ProblemStatus> = Record<
  S | 400 | 401 | 403 | 429 | 500 | 503,
  { description: string; content: { "application/problem+json": { schema: typeof Problem } } }
>;

const descriptions: Record<ProblemStatus, string> = {
  400: "The request is not valid.",
  401: "No valid API key or token.",
  403: "The caller may not do this.",
  404: "Not found, or not the caller's.",
  405: "The address does not take this method.",
  409: "The state forbids it, or another operation is in the way.",
  412: "The resource has changed since it was read.",
  413: "The body is too large.",
  415: "The body is not application/json.",
  422: "The Idempotency-Key was used with another request.",
  429: "Too many requests.",
  500: "A fault of the server.",
  503: "Temporarily not available.",
};

/** The problem answers of a route: those named, and those that any route can give. */
export function problems<S extends ProblemStatus = never>(...statuses: S[]): Problems<S> {
  const all = [...new Set<ProblemStatus>([400, 401, 403, ...statuses, 429, 500, 503])];
  const entries = all.map((status) => [
    status,
    { description: descriptions[status], content: { "application/problem+json": { schema: Problem } } },
  ]);
  return Object.fromEntries(entries) as Problems<S>;
}

/** A JSON body that must be there; without `required` a missing content type would pass as `{}`. */
export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  content: { "application/json": { schema } },
  required: true as const,
});

export const jsonAnswer = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { "application/json": { schema } },
});

/** JSON pages and server-sent events from one address and one log. */
export const jsonOrStream = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { "application/json": { schema }, "text/event-stream": { schema: ServerSentEvent } },
});

/** A text as a file, in one of these media types. */
export const fileAnswer = (
  description: string,
  mediaTypes: readonly string[],
): { description: string; content: Record<string, { schema: z.ZodString }> } => ({
  description,
  content: Object.fromEntries(mediaTypes.map((type) => [type, { schema: z.string() }])),
});

/** Server-sent events only. */
export const streamAnswer = (description: string) => ({
  description,
  content: { "text/event-stream": { schema: ServerSentEvent } },
});

/** OpenAPI 3.1 describes a stream by the shape of one of its events. */
const ServerSentEvent = z
  .object({
    id: z.string().optional(),
    event: z.string().optional(),
    data: z
      .string()
      .optional()
      .meta({ contentMediaType: "application/json", description: "One record, as the pages hold it." }),
    retry: z.int().optional(),
  })
  .meta({ id: "ServerSentEvent" });

const idempotencyKey = {
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, "An Idempotency-Key is 1 to 200 visible ASCII characters.")
    .optional()
    .meta({ description: "The same key with the same request gives the first answer again, for 24 hours." }),
};
const ifMatch = {
  "if-match": z.string().max(200).optional().meta({ description: "The ETag you read; 412 when it has changed." }),
};

export const postHeaders = z.object(idempotencyKey);
export const changeHeaders = z.object({ ...idempotencyKey, ...ifMatch });
export const matchHeaders = z.object(ifMatch);

/** Path parameters: any text is taken, one that is no id is an id nobody has. */
export const idParam = <N extends string>(name: N, examples: string) =>
  z.object({
    [name]: z
      .string()
      .min(1)
      .max(100)
      .meta({ examples: [examples] }),
  } as Record<N, z.ZodString>);
