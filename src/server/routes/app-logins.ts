/** Handler of signing in to an app. */
import { OnveraError } from "../../domain/errors.ts";
import * as contracts from "../contracts/app-logins.ts";
import type { ServerDeps } from "../deps.ts";
import { completeSignIn } from "../sign-in/complete.ts";
import type { ProviderSource } from "../sign-in/provider.ts";
import { audit, transact } from "../transact.ts";
import { newApi } from "./api.ts";

export const appLoginRoutes = (deps: ServerDeps, source: ProviderSource) =>
  newApi().openapi(contracts.completeAppLogin, async (c) => {
    const caller = c.get("caller");
    if (caller.kind !== "user") {
      throw new OnveraError("ACCESS_DENIED", { message: "Access denied. An app is opened by a person, not by a key" });
    }
    const { app_login_id: signInId } = c.req.valid("param");
    const { continuePath, deploymentId, member } = await completeSignIn(deps, source, {
      signInId,
      userId: caller.userId,
      organizationId: caller.organizationId,
    });
    await transact(deps, null, (db) =>
      audit(db, c, {
        organizationId: member.organizationId,
        action: "deployment.sign_in",
        targetType: "deployment",
        targetId: deploymentId,
        change: { app_role: member.appRole },
      }),
    );
    const data = { continue_path: continuePath, deployment_id: deploymentId, app_role: member.appRole };
    return c.json({ data }, 200);
  });
