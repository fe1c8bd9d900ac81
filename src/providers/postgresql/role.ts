/** `postgresql:index/role:Role`. */
import { type ResourceHandler, resourceHandler } from "../host/resource-handler.ts";
import { inSession, inTransaction, type PostgresAdmin, type PostgresSession } from "./admin.ts";
import { ensureMembership } from "./membership.ts";
import { mark, refuseForeign, requireOurs } from "./ownership-mark.ts";
import { dropRole } from "./role-drop.ts";
import { RoleInputs, readRole, roleFromRow, roleOptions, roleSettings } from "./role-facts.ts";
import { matchesVerifier, scramVerifier } from "./scram.ts";
import { identifier } from "./sql-text.ts";

export function roleHandler(admin: PostgresAdmin): ResourceHandler {
  return resourceHandler(RoleInputs, {
    type: "postgresql:index/role:Role",
    secrets: ["password"],
    replaceOn: ["name"],
    sets: ["roles"],
    unreadable: ["password", "skipDropRole", "skipReassignOwned"],
    physicalName: ({ name }) => name,

    create: async (role, context) => {
      await inSession(admin, context, null, async (session) => {
        const existing = await readRole(session, role.name);
        if (existing !== null) requireOurs("Role", role.name, textOrNull(existing.comment), context.stackName);
        await inTransaction(session, async () => {
          if (existing === null) await session.query(`CREATE ROLE ${identifier(role.name)}`);
          await ensureMembership(session, role.name);
          await mark(session, "ROLE", role.name, context.stackName);
          await converge(session, role);
        });
      });
      return { id: role.name, outputs: { id: role.name } };
    },

    read: (id, known, context) =>
      inSession(admin, context, null, async (session) => {
        const row = await readRole(session, id);
        if (row === null) return null;
        const inputs = roleFromRow(id, row);
        const kept = { skipDropRole: false, skipReassignOwned: false, ...known?.outputs };
        return { inputs, outputs: { ...kept, ...inputs, id } };
      }),

    update: async (id, role, _known, context) => {
      await inSession(admin, context, null, async (session) => {
        const existing = await readRole(session, id);
        if (existing === null) throw new Error(`Role ${id} is gone. Refresh the deployment, then try again.`);
        refuseForeign("Role", id, textOrNull(existing.comment), context.stackName);
        await inTransaction(session, async () => {
          await ensureMembership(session, id);
          await mark(session, "ROLE", id, context.stackName);
          await converge(session, role);
        });
      });
      return { id };
    },

    delete: (id, known, context) =>
      dropRole(admin, context, id, {
        keepRole: known.outputs.skipDropRole === true,
        keepOwned: known.outputs.skipReassignOwned === true,
      }),

    // Only a superuser may see verifiers; for others the answer stays "unknown" and the next update sets the password.
    verify: (id, role, context) =>
      inSession(admin, context, null, async (session) => {
        const [user] = await session.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user");
        if (user?.rolsuper !== true) return false;
        const [row] = await session.query("SELECT rolpassword FROM pg_authid WHERE rolname = $1", [id]);
        if (role.password === undefined) return row?.rolpassword === null;
        return typeof row?.rolpassword === "string" && (await matchesVerifier(role.password, row.rolpassword));
      }),
  });
}

/** Brings options, settings and memberships to what is wanted, whatever they were. */
async function converge(session: PostgresSession, role: RoleInputs): Promise<void> {
  const verifier = role.password === undefined || role.password === "" ? null : await scramVerifier(role.password);
  await session.query(`ALTER ROLE ${identifier(role.name)} ${roleOptions(role, verifier)}`);
  const row = await readRole(session, role.name);
  const current = Array.isArray(row?.roles) ? row.roles.map(String) : [];
  for (const group of role.roles.filter((name) => !current.includes(name))) {
    await session.query(`GRANT ${identifier(group)} TO ${identifier(role.name)}`);
  }
  for (const group of current.filter((name) => !role.roles.includes(name))) {
    await session.query(`REVOKE ${identifier(group)} FROM ${identifier(role.name)}`);
  }
  for (const statement of roleSettings(role)) await session.query(statement);
}

const textOrNull = (value: unknown): string | null => (typeof value === "string" ? value : null);
