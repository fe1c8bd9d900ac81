import { z } from "@hono/zod-openapi";
import { projectRoles } from "../../domain/membership.ts";
import { Link, Timestamp } from "./common.ts";

const Text = z.string().min(1).max(200);
const Role = z.enum(projectRoles);
const GroupRole = z.strictObject({ group: Text, role: Role });

const settings = {
  issuer: z
    .string()
    .min(1)
    .max(500)
    .meta({
      description: "The provider's issuer, https, as its discovery document names it.",
      examples: ["https://login.acme.example"],
    }),
  client_id: Text,
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/))
    .min(1)
    .max(20)
    .meta({
      description: "What is asked for; `openid` among them.",
    }),
  group_claim: Text.meta({ description: "The claim that holds a person's groups." }),
  group_roles: z.array(GroupRole).max(100).meta({
    description: "The role of each group; the highest counts, and replaces the member's role at each sign-in.",
  }),
  default_role: Role.nullable().meta({
    description: "Of who is in none of the groups; null lets nobody in without one.",
  }),
  just_in_time: z.boolean().meta({ description: "Whether who comes for the first time becomes a member." }),
  sso_only: z.boolean().meta({
    description:
      "Members act here only in sessions of the provider; owners keep their password. API keys go on working.",
  }),
};

export const PutSso = z
  .strictObject({
    issuer: settings.issuer,
    client_id: settings.client_id,
    client_secret: z.string().min(1).max(1000).nullable().optional().meta({
      description: "Kept sealed. The stored one stays when left out; null is for a client without one.",
    }),
    scopes: settings.scopes.default(["openid", "email", "profile"]),
    group_claim: settings.group_claim.default("groups"),
    group_roles: settings.group_roles.default([]),
    default_role: settings.default_role.default("viewer"),
    just_in_time: settings.just_in_time.default(true),
    sso_only: settings.sso_only.default(false),
  })
  .refine(({ scopes }) => scopes.includes("openid"), { path: ["scopes"], message: "openid must be among them." })
  .meta({ id: "PutSso" });

export const SsoView = z
  .object({
    organization_id: z.string(),
    ...settings,
    has_client_secret: z.boolean(),
    updated_at: Timestamp,
    links: z.object({ self: Link }),
  })
  .meta({ id: "Sso" });

export const SsoReport = z
  .object({
    ok: z.boolean(),
    checks: z.array(
      z.object({
        name: z.enum(["address", "discovery", "issuer", "code_flow", "pkce", "signatures", "keys"]),
        ok: z.boolean(),
        detail: z.string(),
      }),
    ),
  })
  .meta({ id: "SsoReport" });

export const BeginSso = z
  .strictObject({
    who: z
      .string()
      .min(1)
      .max(200)
      .meta({
        description: "An organization's short name or id, or a member's email address.",
        examples: ["acme"],
      }),
  })
  .meta({ id: "BeginSso" });

export const BegunSso = z
  .object({
    authorization_url: z.string().meta({ description: "Where the browser goes next." }),
    expires_at: Timestamp,
  })
  .meta({ id: "BegunSso" });

export const FinishSso = z
  .strictObject({
    response: z.string().min(1).max(8000).meta({
      description: "The query of the address the provider sent the browser back to, as it came.",
    }),
  })
  .meta({ id: "FinishSso" });
