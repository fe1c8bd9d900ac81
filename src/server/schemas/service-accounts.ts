import { z } from "@hono/zod-openapi";
import { projectRoles } from "../../domain/membership.ts";
import { DisplayName, Link, Timestamp } from "./common.ts";
import { Description } from "./webhooks.ts";

const Role = z.enum(projectRoles);

export const ServiceAccountView = z
  .object({
    id: z.string(),
    name: z.string(),
    description: z.string(),
    role: Role.meta({ description: "In the organization; roles in projects add to it." }),
    created_by: z.string(),
    created_at: Timestamp,
    active_keys: z.int(),
    last_used_at: Timestamp.nullable().meta({ description: "When one of its keys was used last." }),
    links: z.object({ self: Link, keys: Link }),
  })
  .meta({ id: "ServiceAccount" });

export const DeletedServiceAccount = ServiceAccountView.extend({
  revoked_api_keys: z.int().meta({ description: "How many of its keys ended." }),
}).meta({ id: "DeletedServiceAccount" });

export const CreateServiceAccount = z
  .strictObject({ name: DisplayName, description: Description.optional(), role: Role.default("viewer") })
  .meta({ id: "CreateServiceAccount" });

export const UpdateServiceAccount = z
  .strictObject({ name: DisplayName.optional(), description: Description.optional(), role: Role.optional() })
  .meta({ id: "UpdateServiceAccount" });
