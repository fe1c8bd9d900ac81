/** Handlers for members, invitations and coming in. */
import type { Context } from "hono";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import { circumstancesOf, organizationOf, type ServerEnv } from "../caller.ts";
import * as contracts from "../contracts/members.ts";
import type { ServerDeps } from "../deps.ts";
import { mailInvitation } from "../mail/invite.ts";
import { explainAccess } from "../services/access-explained.ts";
import {
  insertInvitation,
  invitationView,
  listInvitations,
  readInvitation,
  revokeInvitation,
} from "../services/invitations.ts";
import { acceptInvitation, signUp } from "../services/joining.ts";
import {
  changeRole,
  findMember,
  listMembers,
  memberView,
  refuseMembership,
  removeMember,
  transferOwnership,
} from "../services/members.ts";
import { switchOrganization } from "../services/sessions.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { newApi } from "./api.ts";

export const memberRoutes = (deps: ServerDeps) => {
  const changeOf = (c: Context<ServerEnv>, userId: string | undefined) => ({
    organizationId: organizationOf(c.get("caller")),
    userId,
    actorRole: c.get("caller").role,
  });
  const remove = async (
    c: Context<ServerEnv>,
    userId: string | undefined,
    action: "member.remove" | "member.leave",
  ) => {
    const change = changeOf(c, userId);
    return answerOnce(deps, c, change.organizationId, async (db) => {
      const { member, revokedKeys } = await removeMember(db, change);
      await audit(db, c, {
        organizationId: change.organizationId,
        action,
        targetType: "user",
        targetId: member.user_id,
        change: { email: member.email, role: { from: member.role, to: null }, revoked_api_keys: revokedKeys },
      });
      return { data: { ...memberView(member), revoked_api_keys: revokedKeys } };
    });
  };

  return newApi()
    .openapi(contracts.leaveOrganization, async (c) => {
      const caller = c.get("caller");
      return c.json(await remove(c, caller.userId, "member.leave"), 200);
    })

    .openapi(contracts.listMembers, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const members = await transact(deps, organizationId, (db) => listMembers(db, organizationId));
      return c.json({ data: { items: members.map(memberView) } }, 200);
    })

    .openapi(contracts.getMember, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const userId = parseId("user", c.req.valid("param").user_id);
      const member = await transact(deps, organizationId, (db) => findMember(db, organizationId, userId));
      return c.json({ data: memberView(member) }, 200);
    })

    .openapi(contracts.updateMember, async (c) => {
      const change = changeOf(c, parseId("user", c.req.valid("param").user_id));
      const { role } = c.req.valid("json");
      const member = await transact(deps, change.organizationId, async (db) => {
        const changed = await changeRole(db, change, role);
        await audit(db, c, {
          organizationId: change.organizationId,
          action: "member.role",
          targetType: "user",
          targetId: changed.member.user_id,
          change: { role: { from: changed.from, to: role } },
        });
        return changed.member;
      });
      return c.json({ data: memberView(member) }, 200);
    })

    .openapi(contracts.removeMember, async (c) => {
      const userId = parseId("user", c.req.valid("param").user_id);
      return c.json(await remove(c, userId, "member.remove"), 200);
    })

    .openapi(contracts.transferOwnership, async (c) => {
      const change = changeOf(c, parseId("user", c.req.valid("param").user_id));
      const giverId = c.get("caller").userId;
      const body = await answerOnce(deps, c, change.organizationId, async (db) => {
        const member = await transferOwnership(db, { ...change, giverId });
        await audit(db, c, {
          organizationId: change.organizationId,
          action: "organization.transfer_ownership",
          targetType: "user",
          targetId: member.user_id,
          change: { owner: { from: giverId, to: member.user_id } },
        });
        return { data: memberView(member) };
      });
      return c.json(body, 200);
    })

    .openapi(contracts.explainAccess, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const { user, action, resource } = c.req.valid("query");
      const asked = user === "me" ? c.get("caller").userId : user;
      const data = await transact(deps, organizationId, (db) =>
        explainAccess(db, { organizationId, user: asked, action, resource }),
      );
      return c.json({ data }, 200);
    });
};

export const invitationRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.acceptInvitation, async (c) => {
      const { token, name, password } = c.req.valid("json");
      return c.json({ data: await acceptInvitation(deps, { token, name, password }, circumstancesOf(c, deps)) }, 200);
    })

    .openapi(contracts.createInvitation, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const { email, role, expires_in_days: expiresInDays } = c.req.valid("json");
      refuseMembership(caller.role, { from: undefined, to: role });
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const now = deps.now();
        const wanted = { organizationId, email, role, invitedBy: caller.userId, expiresInDays, now };
        const { invitation, token } = await insertInvitation(db, wanted);
        await audit(db, c, {
          organizationId,
          action: "invitation.create",
          targetType: "invitation",
          targetId: invitation.id,
          change: { email: invitation.email, role, expires_at: invitation.expires_at.toISOString() },
        });
        const isMailed = await mailInvitation(deps, db, { invitation, token, inviter: caller.userName });
        const listed = await readInvitation(db, organizationId, invitation.id);
        return { data: { ...invitationView(listed, now), token: isMailed ? null : token } };
      });
      c.header("Location", body.data.links.self);
      return c.json(body, 201);
    })

    .openapi(contracts.listInvitations, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const rows = await transact(deps, organizationId, (db) => listInvitations(db, organizationId));
      return c.json({ data: { items: rows.map((row) => invitationView(row, deps.now())) } }, 200);
    })

    .openapi(contracts.revokeInvitation, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await transact(deps, organizationId, async (db) => {
        const revoked = await revokeInvitation(db, organizationId, c.req.valid("param").invitation_id);
        await audit(db, c, {
          organizationId,
          action: "invitation.revoke",
          targetType: "invitation",
          targetId: revoked.id,
          change: { email: revoked.email },
        });
        return readInvitation(db, organizationId, revoked.id);
      });
      return c.json({ data: invitationView(row, deps.now()) }, 200);
    });

export const joiningRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.signUp, async (c) => {
      const { email, name, password, organization_name: organizationName } = c.req.valid("json");
      const data = await signUp(deps, { email, name, password, organizationName }, circumstancesOf(c, deps));
      return c.json({ data }, 200);
    })

    .openapi(contracts.switchOrganization, async (c) => {
      const { sessionId, userId } = c.get("caller");
      if (sessionId === null) {
        throw new OnveraError("ACCESS_DENIED", {
          message: "An API key belongs to one organization. Make another in the other organization",
        });
      }
      const wanted = c.req.valid("json").organization_id;
      return c.json({ data: await switchOrganization(deps, { userId, sessionId }, wanted) }, 200);
    });
