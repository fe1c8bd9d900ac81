/** Sign-in and tokens as declared. */
import { z } from "@hono/zod-openapi";
import { Jwks, LoginRequest, LogoutAnswer, RefreshRequest, SessionView, TokenPair, WhoAmI } from "../schemas/access.ts";
import { envelope, pageOf, pageQuery } from "../schemas/common.ts";
import { declare, idParam, jsonAnswer, jsonBody, problems } from "./declare.ts";

export const login = declare("public", {
  method: "post",
  path: "/auth/login",
  operationId: "login",
  tags: ["Authentication"],
  summary: "Sign in with email and password",
  request: { body: jsonBody(LoginRequest) },
  responses: {
    200: jsonAnswer("A short access token and a refresh token.", envelope(TokenPair)),
    ...problems(413, 415),
  },
});

export const refresh = declare("public", {
  method: "post",
  path: "/auth/refresh",
  operationId: "refreshSession",
  tags: ["Authentication"],
  summary: "Exchange a refresh token for new tokens",
  description: "A refresh token works once. One that comes back a second time ends its session.",
  request: { body: jsonBody(RefreshRequest) },
  responses: { 200: jsonAnswer("New tokens.", envelope(TokenPair)), ...problems(413, 415) },
});

export const logout = declare("signed-in", {
  method: "post",
  path: "/auth/logout",
  operationId: "logout",
  tags: ["Authentication"],
  summary: "End the session",
  description: "An API key stays valid: revoke it instead.",
  request: {},
  responses: { 200: jsonAnswer("What was ended.", envelope(LogoutAnswer)), ...problems() },
});

export const whoami = declare("signed-in", {
  method: "get",
  path: "/whoami",
  operationId: "getCurrentUser",
  tags: ["Authentication"],
  summary: "Who the caller is and what they may do",
  request: {},
  responses: { 200: jsonAnswer("The caller.", envelope(WhoAmI)), ...problems() },
});

export const listSessions = declare("sessions.read", {
  method: "get",
  path: "/sessions",
  operationId: "listSessions",
  tags: ["Authentication"],
  summary: "List where the caller is signed in",
  description: "Sessions that are neither ended nor expired, the one used last first.",
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: jsonAnswer("A page of sessions.", pageOf(SessionView)), ...problems() },
});

export const endSession = declare("sessions.write", {
  method: "delete",
  path: "/sessions/{session_id}",
  operationId: "endSession",
  tags: ["Authentication"],
  summary: "Sign the caller out somewhere",
  description: "Its tokens are refused at once and its open streams end.",
  request: { params: idParam("session_id", "ses_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e") },
  responses: { 200: jsonAnswer("The session, as it was.", envelope(SessionView)), ...problems(404) },
});

export const jwks = declare("public", {
  method: "get",
  path: "/.well-known/jwks.json",
  operationId: "getJwks",
  tags: ["Authentication"],
  summary: "Public keys that access tokens are signed with",
  request: {},
  responses: { 200: jsonAnswer("A JSON Web Key Set.", Jwks), ...problems() },
});
