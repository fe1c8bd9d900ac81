/** Handlers for projects made and changed, and the roles people have in one of them. */
import { OnveraError } from "../../domain/errors.ts";
import { newId } from "../../domain/ids.ts";
import { slug as slugOf } from "../../domain/names.ts";
import { organizationOf } from "../caller.ts";
import * as contracts from "../contracts/projects.ts";
import type { ServerDeps } from "../deps.ts";
import { findRoleHolder, parseHolderId, refuseMembership } from "../services/members.ts";
import {
  deleteProjectRole,
  listProjectRoles,
  projectRoleOf,
  projectRoleView,
  putProjectRole,
} from "../services/project-roles.ts";
import { findProject } from "../services/projects.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { projectView } from "../views/organization-view.ts";
import { newApi } from "./api.ts";

export const projectRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.createProject, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const wanted = c.req.valid("json");
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const slug = wanted.slug ?? slugOf(wanted.name, "project");
        const row = await db
          .insertInto("projects")
          .values({ id: newId("project"), organization_id: organizationId, name: wanted.name, slug })
          .onConflict((conflict) => conflict.columns(["organization_id", "slug"]).doNothing())
          .returningAll()
          .executeTakeFirst();
        if (!row) {
          throw new OnveraError("RESOURCE_CONFLICT", {
            message: "A project with this slug exists already. Send another slug",
          });
        }
        await audit(db, c, {
          ...target(row, organizationId),
          action: "project.create",
          change: { name: row.name, slug },
        });
        return { data: projectView(row) };
      });
      c.header("Location", body.data.links.self);
      return c.json(body, 201);
    })

    .openapi(contracts.updateProject, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const { name } = c.req.valid("json");
      const row = await transact(deps, organizationId, async (db) => {
        const found = await findProject(db, organizationId, c.req.valid("param").project_id);
        await audit(db, c, {
          ...target(found, organizationId),
          action: "project.update",
          change: { name: { from: found.name, to: name } },
        });
        return db
          .updateTable("projects")
          .set({ name })
          .where("id", "=", found.id)
          .returningAll()
          .executeTakeFirstOrThrow();
      });
      return c.json({ data: projectView(row) }, 200);
    })

    .openapi(contracts.deleteProject, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await transact(deps, organizationId, async (db) => {
        const found = await findProject(db, organizationId, c.req.valid("param").project_id);
        const used = await db
          .selectFrom("environments")
          .select("id")
          .where("project_id", "=", found.id)
          .limit(1)
          .executeTakeFirst();
        if (used) throw new OnveraError("RESOURCE_CONFLICT", { message: "The project still has environments" });
        await db.deleteFrom("projects").where("id", "=", found.id).execute();
        await audit(db, c, {
          ...target(found, organizationId),
          action: "project.delete",
          change: { name: found.name },
        });
        return found;
      });
      return c.json({ data: projectView(row) }, 200);
    })

    .openapi(contracts.listProjectRoles, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const rows = await transact(deps, organizationId, async (db) => {
        const project = await findProject(db, organizationId, c.req.valid("param").project_id);
        return listProjectRoles(db, organizationId, project.id);
      });
      return c.json({ data: { items: rows.map(projectRoleView) } }, 200);
    })

    .openapi(contracts.grantProjectRole, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const { role } = c.req.valid("json");
      const { project_id: project, user_id: user } = c.req.valid("param");
      const data = await transact(deps, organizationId, async (db) => {
        const { id: projectId } = await findProject(db, organizationId, project);
        const member = await findRoleHolder(db, organizationId, user);
        const binding = { organizationId, projectId, userId: member.user_id };
        const from = await projectRoleOf(db, binding);
        refuseMembership(caller.role, { from, to: role });
        await putProjectRole(db, { ...binding, role });
        await audit(db, c, {
          organizationId,
          action: "project.grant_role",
          targetType: "project",
          targetId: projectId,
          change: { user_id: member.user_id, role: { from: from ?? null, to: role } },
        });
        const { user_id, email, name, role: organizationRole } = member;
        return projectRoleView({ user_id, email, name, organization_role: organizationRole, role });
      });
      return c.json({ data }, 200);
    })

    .openapi(contracts.revokeProjectRole, async (c) => {
      const caller = c.get("caller");
      const organizationId = organizationOf(caller);
      const { project_id: project, user_id: user } = c.req.valid("param");
      const data = await transact(deps, organizationId, async (db) => {
        const { id: projectId } = await findProject(db, organizationId, project);
        const userId = parseHolderId(user) ?? "";
        const found = (await listProjectRoles(db, organizationId, projectId)).find(({ user_id }) => user_id === userId);
        refuseMembership(caller.role, { from: found?.role, to: undefined });
        await deleteProjectRole(db, { organizationId, projectId, userId });
        await audit(db, c, {
          organizationId,
          action: "project.revoke_role",
          targetType: "project",
          targetId: projectId,
          change: { user_id: userId, role: { from: found?.role ?? null, to: null } },
        });
        if (!found) throw new OnveraError("MEMBER_NOT_FOUND");
        return projectRoleView(found);
      });
      return c.json({ data }, 200);
    });

const target = (project: { id: string }, organizationId: string) => ({
  organizationId,
  targetType: "project",
  targetId: project.id,
});
