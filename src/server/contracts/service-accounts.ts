/** Service accounts as declared. */
import { z } from "@hono/zod-openapi";
import { ApiKeyView, CreateApiKey, CreatedApiKey } from "../schemas/api-keys.ts";
import { envelope, listOf, pageOf, pageQuery } from "../schemas/common.ts";
import {
  CreateServiceAccount,
  DeletedServiceAccount,
  ServiceAccountView,
  UpdateServiceAccount,
} from "../schemas/service-accounts.ts";
import { declare, idParam, jsonAnswer, jsonBody, postHeaders, problems } from "./declare.ts";

const tags = ["Service accounts"];
const accountParam = idParam("service_account_id", "sva_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e");

export const createServiceAccount = declare("service_accounts.write", {
  method: "post",
  path: "/service-accounts",
  operationId: "createServiceAccount",
  tags,
  summary: "Create a service account",
  description: "A program that acts as itself: it has a role and keys, never a password or a session, and never owns.",
  request: { headers: postHeaders, body: jsonBody(CreateServiceAccount) },
  responses: {
    201: jsonAnswer("The account, without keys yet.", envelope(ServiceAccountView)),
    ...problems(409, 413, 415, 422),
  },
});

export const listServiceAccounts = declare("service_accounts.read", {
  method: "get",
  path: "/service-accounts",
  operationId: "listServiceAccounts",
  tags,
  summary: "List the organization's service accounts",
  request: {},
  responses: { 200: jsonAnswer("The accounts, newest first.", listOf(ServiceAccountView)), ...problems() },
});

export const getServiceAccount = declare("service_accounts.read", {
  method: "get",
  path: "/service-accounts/{service_account_id}",
  operationId: "getServiceAccount",
  tags,
  summary: "Get a service account",
  request: { params: accountParam },
  responses: { 200: jsonAnswer("The account.", envelope(ServiceAccountView)), ...problems(404) },
});

export const updateServiceAccount = declare("service_accounts.write", {
  method: "patch",
  path: "/service-accounts/{service_account_id}",
  operationId: "updateServiceAccount",
  tags,
  summary: "Change a service account's name, description or role",
  description: "Nobody gives or takes a role above their own. Roles in projects are given as to members.",
  request: { params: accountParam, body: jsonBody(UpdateServiceAccount) },
  responses: { 200: jsonAnswer("The account.", envelope(ServiceAccountView)), ...problems(404, 413, 415) },
});

export const deleteServiceAccount = declare("service_accounts.write", {
  method: "delete",
  path: "/service-accounts/{service_account_id}",
  operationId: "deleteServiceAccount",
  tags,
  summary: "Delete a service account",
  description: "Its keys are revoked and its open streams end in the same moment.",
  request: { params: accountParam },
  responses: { 200: jsonAnswer("The account that was.", envelope(DeletedServiceAccount)), ...problems(404) },
});

export const createServiceAccountKey = declare("service_accounts.make_keys", {
  method: "post",
  path: "/service-accounts/{service_account_id}/keys",
  operationId: "createServiceAccountKey",
  tags,
  summary: "Create a key of a service account",
  description: "With no more scopes than its maker has. It is rotated and revoked as other API keys are.",
  request: { params: accountParam, headers: postHeaders, body: jsonBody(CreateApiKey) },
  responses: {
    201: jsonAnswer("The key, shown this once.", envelope(CreatedApiKey)),
    ...problems(404, 409, 413, 415, 422),
  },
});

export const listServiceAccountKeys = declare("service_accounts.list_keys", {
  method: "get",
  path: "/service-accounts/{service_account_id}/keys",
  operationId: "listServiceAccountKeys",
  tags,
  summary: "List the keys of a service account",
  request: { params: accountParam, query: z.strictObject(pageQuery) },
  responses: { 200: jsonAnswer("A page of keys, newest first.", pageOf(ApiKeyView)), ...problems(404) },
});
