/** Puts the OpenID provider below its path. It speaks Node's own requests, so it answers only where Node serves. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";
import type { Context } from "hono";
import { OnveraError } from "../../domain/errors.ts";
import { PROVIDER_PATH } from "../../domain/sign-in.ts";
import type { ServerEnv } from "../caller.ts";
import type { ServerDeps } from "../deps.ts";
import type { RateLimiter } from "../middleware/rate-limit.ts";
import type { ProviderSource } from "./provider.ts";

interface NodeSides {
  incoming?: IncomingMessage & { originalUrl?: string };
  outgoing?: ServerResponse;
}

/**
 * Hands a request over to the provider.
 * @param headers put on every answer; the provider's own win
 * @throws OnveraError NOT_FOUND where there is no provider, RATE_LIMIT_EXCEEDED
 */
export async function serveProvider(
  c: Context<ServerEnv>,
  {
    deps,
    source,
    limiter,
    headers,
  }: { deps: ServerDeps; source: ProviderSource; limiter: RateLimiter; headers: Readonly<Record<string, string>> },
): Promise<Response> {
  limiter.take(c, `provider ${deps.addressOf(c) ?? "unknown"}`, deps.limits.perCaller);
  const { incoming, outgoing } = (c.env ?? {}) as NodeSides;
  const provider = await source.current();
  if (provider === undefined || incoming === undefined || outgoing === undefined) throw new OnveraError("NOT_FOUND");
  for (const [name, value] of Object.entries(headers)) outgoing.setHeader(name, value);
  outgoing.setHeader("X-Request-Id", c.get("requestId"));
  incoming.originalUrl = incoming.url ?? "";
  incoming.url = incoming.originalUrl.slice(PROVIDER_PATH.length) || "/";
  await provider.callback()(incoming, outgoing);
  return RESPONSE_ALREADY_SENT;
}
