import { z } from "@hono/zod-openapi";

export const AppLoginAnswer = z
  .object({
    continue_path: z.string().meta({ description: "Below the server's address; it leads into the app, signed in." }),
    deployment_id: z.string(),
    app_role: z.string().meta({ description: "The role inside the app.", examples: ["Alpha"] }),
  })
  .meta({ id: "AppLogin" });
