import { z } from "@hono/zod-openapi";
import { projectRoles } from "../../domain/membership.ts";
import { roles } from "../../domain/permissions.ts";
import { DisplayName, Link, Timestamp } from "./common.ts";
import { Slug } from "./organization.ts";

const Role = z.enum(roles);

export const MemberView = z
  .object({
    user_id: z.string(),
    email: z.string(),
    name: z.string(),
    role: Role,
    joined_at: Timestamp,
    links: z.object({ self: Link }),
  })
  .meta({ id: "Member" });

export const UpdateMember = z.strictObject({ role: Role }).meta({ id: "UpdateMember" });

export const RemovedMember = MemberView.extend({
  revoked_api_keys: z.int().meta({ description: "How many of their keys in this organization ended." }),
}).meta({ id: "RemovedMember" });

export const InvitationView = z
  .object({
    id: z.string(),
    email: z.string(),
    role: Role,
    status: z.enum(["open", "accepted", "revoked", "expired"]),
    invited_by: z.string(),
    created_at: Timestamp,
    expires_at: Timestamp,
    accepted_at: Timestamp.nullable(),
    mail_status: z.enum(["pending", "sent", "failed"]).nullable().meta({
      description: "What became of its mail; null where this installation sends none.",
    }),
    mail_error: z.string().nullable().meta({ description: "Why the mail was not taken the last time." }),
    links: z.object({ self: Link }),
  })
  .meta({ id: "Invitation" });

export const CreateInvitation = z
  .strictObject({
    email: z.email().max(200),
    role: Role.default("viewer"),
    expires_in_days: z.int().min(1).max(30).default(7),
  })
  .meta({ id: "CreateInvitation" });

export const CreatedInvitation = InvitationView.extend({
  token: z.string().nullable().meta({
    description:
      "Shown this once. Give it to the person it is for: it works once. null where it is sent by mail, so that nobody else has it.",
  }),
}).meta({ id: "CreatedInvitation" });

export const AcceptInvitation = z
  .strictObject({
    token: z.string().min(1).max(200),
    name: DisplayName.optional().meta({ description: "Of a person who is new here; their address when left out." }),
    password: z.string().min(1).max(200).meta({ description: "A new person chooses one, a known one gives theirs." }),
  })
  .meta({ id: "AcceptInvitation" });

export const SignUpRequest = z
  .strictObject({
    email: z.email().max(200),
    name: DisplayName,
    password: z.string().min(1).max(200),
    organization_name: DisplayName.optional(),
  })
  .meta({ id: "SignUp" });

export const ProjectRoleView = z
  .object({
    user_id: z.string(),
    email: z.string(),
    name: z.string(),
    organization_role: Role,
    role: z.enum(projectRoles).meta({ description: "The role given in this project." }),
    effective_role: Role.meta({ description: "The higher of the two." }),
  })
  .meta({ id: "ProjectRole" });

export const GrantProjectRole = z.strictObject({ role: z.enum(projectRoles) }).meta({ id: "GrantProjectRole" });

export const CreateProject = z.strictObject({ name: DisplayName, slug: Slug.optional() }).meta({ id: "CreateProject" });

export const UpdateProject = z.strictObject({ name: DisplayName }).meta({ id: "UpdateProject" });

export const AccessExplanation = z
  .object({
    allowed: z.boolean(),
    action: z.string(),
    user_id: z.string(),
    resource: z.string().nullable(),
    needed: z.object({
      scope: z.string(),
      role: z.string().meta({ description: "The least role; `operator` for the platform operator's." }),
    }),
    organization_role: Role.nullable(),
    project_role: z.enum(projectRoles).nullable(),
    reason: z.string().meta({ description: "A sentence that says why." }),
  })
  .meta({ id: "AccessExplanation" });

export const SwitchOrganization = z.strictObject({ organization_id: z.string().max(100) });

export const SwitchedSession = z
  .object({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int(),
    organization_id: z.string().nullable(),
  })
  .meta({ id: "SwitchedSession" });
