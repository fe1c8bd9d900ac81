/** Members, invitations and coming in, as declared. */
import { z } from "@hono/zod-openapi";
import { type Permission, permissions } from "../../domain/permissions.ts";
import { TokenPair } from "../schemas/access.ts";
import { envelope, listOf } from "../schemas/common.ts";
import {
  AcceptInvitation,
  AccessExplanation,
  CreatedInvitation,
  CreateInvitation,
  InvitationView,
  MemberView,
  RemovedMember,
  SignUpRequest,
  SwitchedSession,
  SwitchOrganization,
  UpdateMember,
} from "../schemas/members.ts";
import { declare, idParam, jsonAnswer, jsonBody, postHeaders, problems } from "./declare.ts";

const tags = ["Members"];
const memberParam = idParam("user_id", "usr_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e");

export const listMembers = declare("members.read", {
  method: "get",
  path: "/members",
  operationId: "listMembers",
  tags,
  summary: "List the organization's members",
  request: {},
  responses: { 200: jsonAnswer("The members, owners first.", listOf(MemberView)), ...problems() },
});

export const getMember = declare("members.read", {
  method: "get",
  path: "/members/{user_id}",
  operationId: "getMember",
  tags,
  summary: "Get a member",
  request: { params: memberParam },
  responses: { 200: jsonAnswer("The member.", envelope(MemberView)), ...problems(404) },
});

export const updateMember = declare("members.write", {
  method: "patch",
  path: "/members/{user_id}",
  operationId: "updateMember",
  tags,
  summary: "Give a member another role",
  description: "Nobody gives or takes a role above their own. The last owner stays owner.",
  request: { params: memberParam, body: jsonBody(UpdateMember) },
  responses: { 200: jsonAnswer("The member.", envelope(MemberView)), ...problems(404, 409, 413, 415) },
});

export const removeMember = declare("members.write", {
  method: "delete",
  path: "/members/{user_id}",
  operationId: "removeMember",
  tags,
  summary: "Remove a member, with their keys in this organization",
  request: { params: memberParam },
  responses: { 200: jsonAnswer("The member that was.", envelope(RemovedMember)), ...problems(404, 409) },
});

export const leaveOrganization = declare("members.leave", {
  method: "post",
  path: "/members/leave",
  operationId: "leaveOrganization",
  tags,
  summary: "Leave the organization",
  description: "The last owner cannot leave.",
  request: { headers: postHeaders },
  responses: { 200: jsonAnswer("The member that was.", envelope(RemovedMember)), ...problems(404, 409) },
});

export const transferOwnership = declare("members.transfer", {
  method: "post",
  path: "/members/{user_id}/transfer-ownership",
  operationId: "transferOwnership",
  tags,
  summary: "Make another member the owner and become an admin",
  request: { params: memberParam, headers: postHeaders },
  responses: { 200: jsonAnswer("The new owner.", envelope(MemberView)), ...problems(404, 409) },
});

export const createInvitation = declare("members.write", {
  method: "post",
  path: "/invitations",
  operationId: "createInvitation",
  tags,
  summary: "Invite a person",
  description: "A second invitation of the same address replaces the first.",
  request: { headers: postHeaders, body: jsonBody(CreateInvitation) },
  responses: {
    201: jsonAnswer("The invitation, its token shown this once.", envelope(CreatedInvitation)),
    ...problems(409, 413, 415, 422),
  },
});

export const listInvitations = declare("members.write", {
  method: "get",
  path: "/invitations",
  operationId: "listInvitations",
  tags,
  summary: "List invitations, newest first",
  request: {},
  responses: { 200: jsonAnswer("The invitations.", listOf(InvitationView)), ...problems() },
});

export const revokeInvitation = declare("members.write", {
  method: "delete",
  path: "/invitations/{invitation_id}",
  operationId: "revokeInvitation",
  tags,
  summary: "Withdraw an invitation",
  request: { params: idParam("invitation_id", "inv_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e") },
  responses: { 200: jsonAnswer("The invitation.", envelope(InvitationView)), ...problems(404, 409) },
});

export const acceptInvitation = declare("public", {
  method: "post",
  path: "/invitations/accept",
  operationId: "acceptInvitation",
  tags,
  summary: "Use an invitation and sign in",
  description: "Works once. A person who is known here gives their own password, a new one chooses one.",
  request: { body: jsonBody(AcceptInvitation) },
  responses: { 200: jsonAnswer("Tokens of the new session.", envelope(TokenPair)), ...problems(409, 413, 415) },
});

export const signUp = declare("public", {
  method: "post",
  path: "/auth/sign-up",
  operationId: "signUp",
  tags: ["Authentication"],
  summary: "Make an account with an organization of one's own",
  description: "403 SIGN_UP_CLOSED where the installation is invite-only, which is the default.",
  request: { body: jsonBody(SignUpRequest) },
  responses: { 200: jsonAnswer("Tokens of the new session.", envelope(TokenPair)), ...problems(404, 409, 413, 415) },
});

export const switchOrganization = declare("signed-in", {
  method: "post",
  path: "/auth/switch",
  operationId: "switchOrganization",
  tags: ["Authentication"],
  summary: "Go on in another of one's organizations",
  description: "For sessions; an API key belongs to one organization.",
  request: { headers: postHeaders, body: jsonBody(SwitchOrganization) },
  responses: {
    200: jsonAnswer("An access token for that organization.", envelope(SwitchedSession)),
    ...problems(409, 413, 415, 422),
  },
});

const actions = Object.keys(permissions) as [Permission, ...Permission[]];

export const explainAccess = declare("access.explain", {
  method: "get",
  path: "/access/explain",
  operationId: "explainAccess",
  tags,
  summary: "Say whether a person may do something, and why",
  request: {
    query: z.strictObject({
      user: z.string().min(1).max(200).meta({ description: "Id or address of a member; `me` for the caller." }),
      action: z.enum(actions),
      resource: z.string().max(100).optional().meta({
        description: "Id of a deployment, operation, environment or project; the organization when left out.",
      }),
    }),
  },
  responses: { 200: jsonAnswer("Yes or no, and why.", envelope(AccessExplanation)), ...problems(404) },
});
