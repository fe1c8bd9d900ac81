/** Organizations' own identity providers, as declared. */
import { z } from "@hono/zod-openapi";
import { TokenPair } from "../schemas/access.ts";
import { envelope } from "../schemas/common.ts";
import { BeginSso, BegunSso, FinishSso, PutSso, SsoReport, SsoView } from "../schemas/sso.ts";
import { declare, jsonAnswer, jsonBody, postHeaders, problems } from "./declare.ts";

const tags = ["Single sign-on"];

export const getSso = declare("sso.read", {
  method: "get",
  path: "/sso",
  operationId: "getSso",
  tags,
  summary: "Get the organization's identity provider",
  request: {},
  responses: {
    200: jsonAnswer(
      "The settings, without the client secret; null where none are set.",
      envelope(z.union([SsoView, z.null()])),
    ),
    ...problems(),
  },
});

export const putSso = declare("sso.write", {
  method: "put",
  path: "/sso",
  operationId: "putSso",
  tags,
  summary: "Set the organization's identity provider",
  description: "The provider is asked first; settings that it does not bear out are refused with what was found.",
  request: { body: jsonBody(PutSso) },
  responses: { 200: jsonAnswer("The settings.", envelope(SsoView)), ...problems(413, 415) },
});

export const testSso = declare("sso.write", {
  method: "post",
  path: "/sso/test",
  operationId: "testSso",
  tags,
  summary: "Ask the organization's identity provider whether all that a sign-in needs is there",
  request: { headers: postHeaders },
  responses: { 200: jsonAnswer("What was found.", envelope(SsoReport)), ...problems(404, 409, 422) },
});

export const deleteSso = declare("sso.write", {
  method: "delete",
  path: "/sso",
  operationId: "deleteSso",
  tags,
  summary: "Remove the organization's identity provider",
  request: {},
  responses: { 200: jsonAnswer("The settings that were.", envelope(SsoView)), ...problems(404) },
});

export const beginSso = declare("public", {
  method: "post",
  path: "/auth/sso/begin",
  operationId: "beginSso",
  tags,
  summary: "Begin to sign in by an organization's identity provider",
  description:
    "For pages of the dashboard: the sign-in ends in the browser that began it, which keeps a cookie for it.",
  request: { body: jsonBody(BeginSso) },
  responses: { 200: jsonAnswer("Where to go.", envelope(BegunSso)), ...problems(404, 413, 415) },
});

export const finishSso = declare("public", {
  method: "post",
  path: "/auth/sso/finish",
  operationId: "finishSso",
  tags,
  summary: "Finish signing in with what the identity provider answered",
  description:
    "The refresh token goes into the dashboard's cookie. The session acts in this organization only, for 12 hours.",
  request: { body: jsonBody(FinishSso) },
  responses: { 200: jsonAnswer("A short access token.", envelope(TokenPair)), ...problems(413, 415) },
});
