import { z } from "@hono/zod-openapi";
import { Timestamp } from "./common.ts";

export const BeginCliLogin = z
  .strictObject({
    client: z.string().trim().min(1).max(100).meta({ description: "What asks, as the person will read it." }),
  })
  .meta({ id: "BeginCliLogin" });

export const BegunCliLogin = z
  .object({
    id: z.string(),
    code: z.string().meta({ description: "Shown by the command line and by the page, to compare." }),
    secret: z.string().meta({ description: "Shown this once; it is exchanged for the key." }),
    approval_path: z.string().meta({ description: "The dashboard's page on which a person decides." }),
    expires_at: Timestamp,
    interval_seconds: z.int().meta({ description: "Seconds to leave between two questions." }),
  })
  .meta({ id: "BegunCliLogin" });

export const RedeemCliLogin = z.strictObject({ secret: z.string().min(1).max(200) }).meta({ id: "RedeemCliLogin" });

export const CliLoginAnswer = z
  .object({
    status: z.enum(["pending", "approved"]),
    key: z.string().nullable().meta({ description: "The API key, given this once; null while nobody has decided." }),
    api_key_id: z.string().nullable(),
    organization_id: z.string().nullable(),
  })
  .meta({ id: "CliLoginAnswer" });

export const CliLoginView = z
  .object({
    id: z.string(),
    code: z.string(),
    client: z.string(),
    status: z.enum(["pending", "approved", "denied", "used"]),
    created_at: Timestamp,
    expires_at: Timestamp,
  })
  .meta({ id: "CliLogin" });
