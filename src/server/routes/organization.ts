/** Handlers for organizations, projects, environments and workers. */
import type { Context } from "hono";
import { OnveraError } from "../../domain/errors.ts";
import { parseId } from "../../domain/ids.ts";
import { judge } from "../../domain/permissions.ts";
import { organizationOf, type ServerEnv } from "../caller.ts";
import * as contracts from "../contracts/organization.ts";
import type { ServerDeps } from "../deps.ts";
import { readOwnPlace } from "../services/environment-input.ts";
import { findEnvironment } from "../services/environments.ts";
import { requireGoodPassword } from "../services/joining.ts";
import { queueView, readQueue, setQueueLimits } from "../services/organization-queue.ts";
import { insertEnvironment, insertOrganization } from "../services/organizations.ts";
import { findProject } from "../services/projects.ts";
import { ensureUser, hashPassword } from "../services/users.ts";
import { askToDrain, listWorkers } from "../services/workers.ts";
import { answerOnce, audit, transact } from "../transact.ts";
import { environmentView, organizationView, projectView, workerView } from "../views/organization-view.ts";
import { newApi } from "./api.ts";

/** Environments belong to the system: tenants are told so, whatever they asked (ON-02, TN-1). */
function requireOperator(c: Context<ServerEnv>): void {
  if (judge("environments.manage", c.get("caller")) !== "allowed") throw new OnveraError("ENVIRONMENT_SYSTEM_OWNED");
}

export const environmentRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.listEnvironments, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const rows = await transact(deps, organizationId, (db) =>
        db
          .selectFrom("environments")
          .selectAll()
          .where("organization_id", "=", organizationId)
          .orderBy("is_default", "desc")
          .orderBy("created_at")
          .execute(),
      );
      return c.json({ data: { items: rows.map(environmentView) } }, 200);
    })

    .openapi(contracts.getEnvironment, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const id = c.req.valid("param").environment_id;
      const row = await transact(deps, organizationId, (db) => findEnvironment(db, organizationId, id));
      return c.json({ data: environmentView(row) }, 200);
    })

    .openapi(contracts.createEnvironment, async (c) => {
      requireOperator(c);
      const organizationId = organizationOf(c.get("caller"));
      const wanted = c.req.valid("json");
      const own = readOwnPlace(wanted);
      const body = await answerOnce(deps, c, organizationId, async (db) => {
        const row = await insertEnvironment(db, deps.dataKeys, {
          organizationId,
          name: wanted.name,
          slug: wanted.slug,
          isolationLevel: wanted.isolation_level,
          clusterId: wanted.cluster_id,
          projectId: wanted.project_id,
          own,
        });
        await audit(db, c, {
          organizationId,
          action: "environment.create",
          targetType: "environment",
          targetId: row.id,
          change: { name: row.name, isolation_level: row.isolation_level, cluster_id: row.cluster_id },
        });
        return { data: environmentView(row) };
      });
      c.header("Location", body.data.links.self);
      return c.json(body, 201);
    })

    .openapi(contracts.updateEnvironment, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const { name } = c.req.valid("json");
      const row = await transact(deps, organizationId, async (db) => {
        const found = await findEnvironment(db, organizationId, c.req.valid("param").environment_id);
        requireOperator(c);
        if (found.is_default) throw new OnveraError("ENVIRONMENT_SYSTEM_OWNED");
        await audit(db, c, {
          organizationId,
          action: "environment.update",
          targetType: "environment",
          targetId: found.id,
          change: { name: { from: found.name, to: name } },
        });
        return db
          .updateTable("environments")
          .set({ name })
          .where("id", "=", found.id)
          .returningAll()
          .executeTakeFirstOrThrow();
      });
      return c.json({ data: environmentView(row) }, 200);
    })

    .openapi(contracts.deleteEnvironment, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const row = await transact(deps, organizationId, async (db) => {
        const found = await findEnvironment(db, organizationId, c.req.valid("param").environment_id);
        requireOperator(c);
        if (found.is_default) throw new OnveraError("ENVIRONMENT_SYSTEM_OWNED");
        // Tombstones count: a destroyed deployment still names its environment (ON-03).
        const used = await db
          .selectFrom("deployments")
          .select("id")
          .where("environment_id", "=", found.id)
          .limit(1)
          .executeTakeFirst();
        if (used)
          throw new OnveraError("RESOURCE_CONFLICT", { message: "The environment has deployments, or had some" });
        await db.deleteFrom("environments").where("id", "=", found.id).execute();
        await audit(db, c, {
          organizationId,
          action: "environment.delete",
          targetType: "environment",
          targetId: found.id,
          change: { name: found.name },
        });
        return found;
      });
      return c.json({ data: environmentView(row) }, 200);
    });

export const organizationRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.listOrganizations, async (c) => {
      const caller = c.get("caller");
      const seesAll = judge("workers.read", caller) === "allowed";
      const rows = await transact(deps, null, (db) =>
        db
          .selectFrom("organizations as o")
          .leftJoin("memberships as m", (join) =>
            join.onRef("m.organization_id", "=", "o.id").on("m.user_id", "=", caller.userId),
          )
          .selectAll("o")
          .select("m.role")
          .$if(!seesAll, (query) => query.where("m.role", "is not", null))
          // A key, and a session of an organization's own provider, speaks for one organization only, unless it is the operator's.
          .$if(!seesAll && caller.confinedTo !== null, (query) => query.where("o.id", "=", caller.confinedTo ?? ""))
          .orderBy("o.created_at")
          .execute(),
      );
      return c.json({ data: { items: rows.map((row) => organizationView(row, row.role)) } }, 200);
    })

    .openapi(contracts.getOrganization, async (c) => {
      const caller = c.get("caller");
      const id = parseId("organization", c.req.valid("param").organization_id);
      const seesAll = judge("workers.read", caller) === "allowed";
      const row =
        id &&
        (id === caller.organizationId || seesAll || caller.confinedTo === null) &&
        (await transact(deps, null, (db) =>
          db
            .selectFrom("organizations as o")
            .leftJoin("memberships as m", (join) =>
              join.onRef("m.organization_id", "=", "o.id").on("m.user_id", "=", caller.userId),
            )
            .selectAll("o")
            .select("m.role")
            .where("o.id", "=", id)
            .executeTakeFirst(),
        ));
      if (!row || (!seesAll && row.role === null)) throw new OnveraError("ORGANIZATION_NOT_FOUND");
      return c.json({ data: organizationView(row, row.role) }, 200);
    })

    .openapi(contracts.getOrganizationQueue, async (c) => {
      const caller = c.get("caller");
      const id = parseId("organization", c.req.valid("param").organization_id) ?? "";
      const seesAll = judge("organizations.limit", caller) === "allowed";
      if (id !== caller.organizationId && !seesAll) throw new OnveraError("ORGANIZATION_NOT_FOUND");
      return c.json({ data: queueView(await transact(deps, seesAll ? null : id, (db) => readQueue(db, id))) }, 200);
    })

    .openapi(contracts.updateOrganizationQueue, async (c) => {
      const id = parseId("organization", c.req.valid("param").organization_id) ?? "";
      const wanted = c.req.valid("json");
      const queue = await transact(deps, null, async (db) => {
        const changed = await setQueueLimits(db, id, wanted);
        await audit(db, c, {
          organizationId: id,
          action: "organization.limit",
          targetType: "organization",
          targetId: id,
          change: { ...wanted },
        });
        return changed;
      });
      return c.json({ data: queueView(queue) }, 200);
    })

    .openapi(contracts.createOrganization, async (c) => {
      const caller = c.get("caller");
      const { owner, ...wanted } = c.req.valid("json");
      if (owner?.password !== undefined) requireGoodPassword(owner.password, [owner.email], "/owner/password");
      const passwordHash = owner?.password === undefined ? undefined : await hashPassword(owner.password);
      const body = await answerOnce(deps, c, null, async (db) => {
        const ownerId = owner
          ? (await ensureUser(db, { email: owner.email, name: owner.name ?? owner.email, passwordHash })).id
          : caller.userId;
        const row = await insertOrganization(
          db,
          { name: wanted.name, slug: wanted.slug, clusterId: wanted.cluster_id, ownerId },
          deps,
        );
        await audit(db, c, {
          organizationId: row.id,
          action: "organization.create",
          targetType: "organization",
          targetId: row.id,
          change: { name: row.name, owner_id: ownerId },
        });
        return { data: organizationView(row, ownerId === caller.userId ? "owner" : null) };
      });
      c.header("Location", body.data.links.self);
      return c.json(body, 201);
    })

    .openapi(contracts.listProjects, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const rows = await transact(deps, organizationId, (db) =>
        db
          .selectFrom("projects")
          .selectAll()
          .where("organization_id", "=", organizationId)
          .orderBy("created_at")
          .execute(),
      );
      return c.json({ data: { items: rows.map(projectView) } }, 200);
    })

    .openapi(contracts.getProject, async (c) => {
      const organizationId = organizationOf(c.get("caller"));
      const id = c.req.valid("param").project_id;
      const row = await transact(deps, organizationId, (db) => findProject(db, organizationId, id));
      return c.json({ data: projectView(row) }, 200);
    });

export const platformRoutes = (deps: ServerDeps) =>
  newApi()
    .openapi(contracts.listWorkers, async (c) => {
      const rows = await transact(deps, null, listWorkers);
      const now = deps.now();
      return c.json({ data: { items: rows.map((row) => workerView(row, now)) } }, 200);
    })

    .openapi(contracts.drainWorker, async (c) => {
      return c.json(await changeWorker(deps, c, c.req.valid("param").worker_id, true), 200);
    })

    .openapi(contracts.resumeWorker, async (c) => {
      return c.json(await changeWorker(deps, c, c.req.valid("param").worker_id, false), 200);
    });

/** The wish and its audit line, which belongs to the installation. */
const changeWorker = (deps: ServerDeps, c: Context<ServerEnv>, id: string, isDraining: boolean) =>
  answerOnce(deps, c, null, async (db) => {
    const row = await askToDrain(db, id, isDraining);
    await audit(db, c, {
      organizationId: null,
      action: isDraining ? "worker.drain" : "worker.resume",
      targetType: "worker",
      targetId: row.id,
      change: { host: row.host, node: row.node, operations: row.operations },
    });
    return { data: workerView(row, deps.now()) };
  });
