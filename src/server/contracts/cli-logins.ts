/** Signing in the command line by browser, as declared. */
import { BeginCliLogin, BegunCliLogin, CliLoginAnswer, CliLoginView, RedeemCliLogin } from "../schemas/cli-logins.ts";
import { envelope } from "../schemas/common.ts";
import { declare, idParam, jsonAnswer, jsonBody, problems } from "./declare.ts";

const tags = ["Authentication"];
const params = idParam("login_id", "cli_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e");

export const beginCliLogin = declare("public", {
  method: "post",
  path: "/auth/cli-logins",
  operationId: "beginCliLogin",
  tags,
  summary: "Begin a sign-in of a command line, for a person to let in",
  request: { body: jsonBody(BeginCliLogin) },
  responses: {
    201: jsonAnswer("The sign-in; open `approval_path` in a browser.", envelope(BegunCliLogin)),
    ...problems(413, 415),
  },
});

export const redeemCliLogin = declare("public", {
  method: "post",
  path: "/auth/cli-logins/redeem",
  operationId: "redeemCliLogin",
  tags,
  summary: "Exchange a sign-in's secret for an API key, once a person let it in",
  description: "Ask again every `interval_seconds` while the status is `pending`.",
  request: { body: jsonBody(RedeemCliLogin) },
  responses: { 200: jsonAnswer("Nobody has decided, or the key.", envelope(CliLoginAnswer)), ...problems(413, 415) },
});

export const getCliLogin = declare("api_keys.write", {
  method: "get",
  path: "/auth/cli-logins/{login_id}",
  operationId: "getCliLogin",
  tags,
  summary: "See what asks to be let in",
  request: { params },
  responses: { 200: jsonAnswer("The sign-in.", envelope(CliLoginView)), ...problems(404) },
});

export const approveCliLogin = declare("api_keys.write", {
  method: "post",
  path: "/auth/cli-logins/{login_id}/approve",
  operationId: "approveCliLogin",
  tags,
  summary: "Let a command line in as the caller",
  description: "It gets an API key of the caller's in this organization, with no more scopes than the caller has.",
  request: { params },
  responses: { 200: jsonAnswer("The sign-in.", envelope(CliLoginView)), ...problems(404, 409) },
});

export const denyCliLogin = declare("api_keys.write", {
  method: "post",
  path: "/auth/cli-logins/{login_id}/deny",
  operationId: "denyCliLogin",
  tags,
  summary: "Refuse a command line",
  request: { params },
  responses: { 200: jsonAnswer("The sign-in.", envelope(CliLoginView)), ...problems(404, 409) },
});
