import { z } from "@hono/zod-openapi";
import { roles, scopes } from "../../domain/permissions.ts";
import { Timestamp } from "./common.ts";

export const LoginRequest = z
  .strictObject({
    email: z.string().min(1).max(200),
    password: z.string().min(1).max(200),
    organization_id: z.string().max(100).optional().meta({ description: "The first the person joined when left out." }),
    cookie: z.boolean().optional().meta({
      description: "For pages of the dashboard: the refresh token goes into an HttpOnly cookie instead of the answer.",
    }),
  })
  .meta({ id: "LoginRequest" });

export const RefreshRequest = z
  .strictObject({
    refresh_token: z.string().min(1).max(200).optional().meta({
      description: "Left out by pages of the dashboard, whose cookie holds it.",
    }),
  })
  .meta({ id: "RefreshRequest" });

export const TokenPair = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int().meta({ description: "Seconds the access token lives." }),
    refresh_token: z.string().optional().meta({
      description: "Good for one refresh; using it twice ends the session. Absent where a cookie holds it.",
    }),
    session_id: z.string(),
    organization_id: z.string().nullable(),
  })
  .meta({ id: "TokenPair" });

export const SessionView = z
  .object({
    id: z.string(),
    organization_id: z.string().nullable(),
    user_agent: z.string().nullable().meta({ description: "What the client called itself when it signed in." }),
    current: z.boolean().meta({ description: "Whether this request was made in it." }),
    created_at: Timestamp,
    refreshed_at: Timestamp.meta({ description: "When it last got new tokens." }),
    expires_at: Timestamp,
  })
  .meta({ id: "Session" });

export const LogoutAnswer = z.object({ session_id: z.string().nullable(), signed_out: z.boolean() });

export const WhoAmI = z
  .object({
    kind: z.enum(["user", "api_key", "service_account"]),
    user: z.object({ id: z.string(), email: z.string(), name: z.string() }),
    organization: z.object({ id: z.string(), name: z.string(), slug: z.string() }).nullable(),
    role: z.enum(roles).nullable(),
    is_platform_operator: z.boolean(),
    scopes: z.array(z.enum(scopes)),
    api_key_id: z.string().nullable(),
    session_id: z.string().nullable(),
    organizations: z.array(z.object({ id: z.string(), name: z.string(), slug: z.string(), role: z.enum(roles) })),
    single_organization: z.boolean().meta({
      description:
        "True where the installation runs without root: all apps share one system user, so it takes one organization.",
    }),
  })
  .meta({ id: "WhoAmI" });

export const Jwks = z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).meta({ id: "Jwks" });
