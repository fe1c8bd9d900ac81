import { z } from "@hono/zod-openapi";
import { scopes } from "../../domain/permissions.ts";
import { DisplayName, Link, Timestamp } from "./common.ts";

export const ApiKeyView = z
  .object({
    id: z.string(),
    name: z.string(),
    hint: z.string().meta({ description: "The first and last characters of the key." }),
    scopes: z.array(z.enum(scopes)),
    user_id: z.string().meta({ description: "Whom the key acts as: a person or a service account." }),
    service_account_id: z.string().nullable().meta({ description: "The same for a service account's key, else null." }),
    created_at: Timestamp,
    expires_at: Timestamp.nullable(),
    last_used_at: Timestamp.nullable(),
    revoked_at: Timestamp.nullable(),
    replaced_by: z.string().nullable().meta({ description: "The key a rotation put in its place." }),
    status: z.enum(["active", "expired", "revoked"]),
    links: z.object({ self: Link }),
  })
  .meta({ id: "ApiKey" });

export const CreatedApiKey = ApiKeyView.extend({
  key: z.string().meta({ description: "Shown this once; only its hash is stored." }),
}).meta({ id: "CreatedApiKey" });

export const CreateApiKey = z
  .strictObject({
    name: DisplayName,
    scopes: z
      .array(z.enum(scopes))
      .min(1)
      .max(scopes.length)
      .optional()
      .meta({ description: "All the caller has when left out." }),
    expires_at: z.iso.datetime().optional().meta({ description: "No expiry when left out." }),
  })
  .meta({ id: "CreateApiKey" });

export const RotateApiKey = z
  .strictObject({
    valid_until: z.iso.datetime().optional().meta({
      description:
        "How long the key before stays valid, at most 30 days; a day when left out. Now or before: it ends at once.",
    }),
    expires_at: z.iso.datetime().optional().meta({
      description: "Expiry of the new key; as long a life as the one before had when left out.",
    }),
  })
  .meta({ id: "RotateApiKey" });

export const RotatedApiKey = CreatedApiKey.extend({
  replaces: ApiKeyView.meta({ description: "The key before." }),
}).meta({ id: "RotatedApiKey" });
