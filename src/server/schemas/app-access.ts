import { z } from "@hono/zod-openapi";
import { Timestamp } from "./common.ts";

export const appPersonStates = ["synced", "pending", "failed", "removed"] as const;

export const AppPersonView = z
  .object({
    user_id: z.string().nullable().meta({ description: "null for whom is no member any more." }),
    email: z.string().meta({ description: "Also the user name inside the app." }),
    name: z.string().nullable(),
    wanted_role: z.string().nullable().meta({ description: "The app's own role; null where they may not enter." }),
    actual_role: z.string().nullable().meta({ description: "As last seen in the app; null where they cannot enter." }),
    state: z.enum(appPersonStates),
    since: Timestamp.nullable().meta({ description: "When the actual role became so." }),
    checked_at: Timestamp.nullable(),
    error: z.string().nullable().meta({ description: "Why the app did not do what is wanted, last time." }),
  })
  .meta({ id: "AppPerson" });

export const accessStates = ["synced", "pending", "syncing", "failing", "waits_for_start", "closed"] as const;

export const DeploymentAccessView = z
  .object({
    deployment_id: z.string(),
    state: z.enum(accessStates).meta({
      description:
        "`pending`: a sync is due, or waits for the deployment to be ready. `failing`: the last one did not succeed, see `error`. `waits_for_start`: the app is stopped. `closed`: the deployment is being destroyed and lets nobody in.",
    }),
    checked_at: Timestamp.nullable().meta({ description: "When all people were last compared with those wanted." }),
    next_sync_at: Timestamp.nullable().meta({ description: "When the next sync is due by itself." }),
    failures: z.int().meta({ description: "Syncs in a row that did not succeed." }),
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    operation_id: z.string().nullable().meta({ description: "The sync that is queued or running." }),
    items: z.array(AppPersonView),
  })
  .meta({ id: "DeploymentAccess", description: "Who is to be in the deployment's app, and who is." });
