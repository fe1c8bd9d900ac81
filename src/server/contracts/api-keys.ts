/** API keys as declared. */
import { z } from "@hono/zod-openapi";
import { ApiKeyView, CreateApiKey, CreatedApiKey, RotateApiKey, RotatedApiKey } from "../schemas/api-keys.ts";
import { envelope, pageOf, pageQuery } from "../schemas/common.ts";
import { declare, idParam, jsonAnswer, jsonBody, postHeaders, problems } from "./declare.ts";

const keyParam = idParam("api_key_id", "key_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e");

export const createApiKey = declare("api_keys.write", {
  method: "post",
  path: "/api-keys",
  operationId: "createApiKey",
  tags: ["API keys"],
  summary: "Create an API key",
  request: { headers: postHeaders, body: jsonBody(CreateApiKey) },
  responses: { 201: jsonAnswer("The key, shown this once.", envelope(CreatedApiKey)), ...problems(409, 413, 415, 422) },
});

export const listApiKeys = declare("api_keys.read", {
  method: "get",
  path: "/api-keys",
  operationId: "listApiKeys",
  tags: ["API keys"],
  summary: "List API keys",
  description: "A person's own keys; all of the organization's for its admins.",
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: jsonAnswer("A page of keys, newest first.", pageOf(ApiKeyView)), ...problems() },
});

export const getApiKey = declare("api_keys.read", {
  method: "get",
  path: "/api-keys/{api_key_id}",
  operationId: "getApiKey",
  tags: ["API keys"],
  summary: "Get an API key",
  request: { params: keyParam },
  responses: { 200: jsonAnswer("The key, without its secret.", envelope(ApiKeyView)), ...problems(404) },
});

export const revokeApiKey = declare("api_keys.write", {
  method: "delete",
  path: "/api-keys/{api_key_id}",
  operationId: "revokeApiKey",
  tags: ["API keys"],
  summary: "Revoke an API key, for ever",
  request: { params: keyParam },
  responses: { 200: jsonAnswer("The revoked key.", envelope(ApiKeyView)), ...problems(404) },
});

export const rotateApiKey = declare("api_keys.write", {
  method: "post",
  path: "/api-keys/{api_key_id}/rotate",
  operationId: "rotateApiKey",
  tags: ["API keys"],
  summary: "Put a new key in an API key's place",
  description:
    "The new one has the same name, scopes and length of life; the one before stays valid for a day, or until the time that is given. " +
    "A key acts as its person, so only they rotate it; a service account's keys are rotated by admins.",
  request: { params: keyParam, headers: postHeaders, body: jsonBody(RotateApiKey) },
  responses: {
    201: jsonAnswer("The new key, shown this once.", envelope(RotatedApiKey)),
    ...problems(404, 409, 413, 415, 422),
  },
});
