/** Signing in to an app, as declared. The protocol itself is OpenID Connect, below /oidc. */
import { AppLoginAnswer } from "../schemas/app-logins.ts";
import { envelope } from "../schemas/common.ts";
import { declare, idParam, jsonAnswer, problems } from "./declare.ts";

export const completeAppLogin = declare("deployments.read", {
  method: "post",
  path: "/auth/app-logins/{app_login_id}/complete",
  operationId: "completeAppLogin",
  tags: ["Authentication"],
  summary: "Go on with a sign-in into an app as the caller",
  description:
    "For the dashboard's page of sign-ins: only a person's session may, an API key may not. The same browser then goes on at `continue_path`.",
  request: { params: idParam("app_login_id", "V1StGXR8_Z5jdHi6B-myT") },
  responses: { 200: jsonAnswer("Where the browser goes on.", envelope(AppLoginAnswer)), ...problems(404) },
});
