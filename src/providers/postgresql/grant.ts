/** `postgresql:index/grant:Grant`. */
import { z } from "zod";
import { type CallContext, type ResourceHandler, resourceHandler } from "../host/resource-handler.ts";
import { inSession, inTransaction, type PostgresAdmin, type PostgresSession } from "./admin.ts";
import { ensureMembership } from "./membership.ts";
import { identifier } from "./sql-text.ts";

const Name = z.string().min(1).max(63);

const GrantInputs = z.strictObject({
  /** `public` means everybody. No privileges means none: what PUBLIC has by default is taken away too. */
  role: Name,
  database: Name,
  schema: Name.optional(),
  objectType: z.enum(["database", "schema"], "Only grants on a database or a schema are served here."),
  privileges: z.array(z.enum(["CONNECT", "CREATE", "TEMPORARY", "USAGE", "ALL"])),
  withGrantOption: z.boolean().default(false),
});
type GrantInputs = z.output<typeof GrantInputs>;

export function grantHandler(admin: PostgresAdmin): ResourceHandler {
  const apply = (grant: GrantInputs, context: CallContext): Promise<void> =>
    inSession(admin, context, grant.database, async (session) => {
      await becomeOwner(session, grant);
      await inTransaction(session, async () => {
        await session.query(`REVOKE ALL ON ${objectOf(grant)} FROM ${granteeOf(grant)}`);
        if (grant.privileges.length === 0) return;
        const option = grant.withGrantOption ? " WITH GRANT OPTION" : "";
        await session.query(
          `GRANT ${grant.privileges.join(", ")} ON ${objectOf(grant)} TO ${granteeOf(grant)}${option}`,
        );
      });
    });

  return resourceHandler(GrantInputs, {
    type: "postgresql:index/grant:Grant",
    replaceOn: ["role", "database", "schema", "objectType", "withGrantOption"],
    sets: ["privileges"],
    physicalName: grantId,
    create: async (grant, context) => {
      await apply(grant, context);
      return { id: grantId(grant), outputs: { id: grantId(grant) } };
    },
    read: async (id, known, context) => {
      const grant = GrantInputs.safeParse(known === null ? await grantFromId(admin, context, id) : known.inputs).data;
      if (grant === undefined || !(await bothExist(admin, context, grant))) return null;
      const privileges = await inSession(admin, context, grant.database, (session) => readPrivileges(session, grant));
      if (privileges === null) return null;
      const inputs = { ...grant, privileges };
      return { inputs, outputs: { ...inputs, id } };
    },
    update: async (id, grant, _known, context) => {
      await apply(grant, context);
      return { id };
    },
    delete: async (_id, known, context) => {
      const grant = GrantInputs.safeParse(known.inputs).data;
      if (grant === undefined || !(await bothExist(admin, context, grant))) return;
      await inSession(admin, context, grant.database, async (session) => {
        if ((await readPrivileges(session, grant)) === null) return;
        await becomeOwner(session, grant);
        await session.query(`REVOKE ALL ON ${objectOf(grant)} FROM ${granteeOf(grant)}`);
      });
    },
  });
}

/** `role_database_database` or `role_database_schema_schema`, as the official plugin. */
const grantId = ({ role, database, schema, objectType }: GrantInputs): string =>
  [role, database, ...(objectType === "schema" ? [schema ?? "public"] : []), objectType].join("_");

const isPublic = (role: string): boolean => role.toLowerCase() === "public";

const granteeOf = ({ role }: GrantInputs): string => (isPublic(role) ? "PUBLIC" : identifier(role));

const objectOf = ({ objectType, database, schema }: GrantInputs): string =>
  objectType === "database" ? `DATABASE ${identifier(database)}` : `SCHEMA ${identifier(schema ?? "public")}`;

async function becomeOwner(session: PostgresSession, grant: GrantInputs): Promise<void> {
  const [row] =
    grant.objectType === "database"
      ? await session.query("SELECT pg_get_userbyid(datdba)::text AS owner FROM pg_database WHERE datname = $1", [
          grant.database,
        ])
      : await session.query("SELECT pg_get_userbyid(nspowner)::text AS owner FROM pg_namespace WHERE nspname = $1", [
          grant.schema ?? "public",
        ]);
  const owner = String(row?.owner);
  // Nobody can be granted this built-in role: whoever owns the database is a member of it.
  if (row !== undefined && owner !== "pg_database_owner") await ensureMembership(session, owner);
}

async function bothExist(admin: PostgresAdmin, context: CallContext, grant: GrantInputs): Promise<boolean> {
  const [row] = await inSession(admin, context, null, (session) =>
    session.query(
      `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datallowconn) AS database,
              EXISTS (SELECT FROM pg_roles WHERE rolname = $2) AS role`,
      [grant.database, grant.role],
    ),
  );
  return row?.database === true && (isPublic(grant.role) || row.role === true);
}

/** Null when the object is gone. */
async function readPrivileges(session: PostgresSession, grant: GrantInputs): Promise<string[] | null> {
  const acl =
    grant.objectType === "database"
      ? "SELECT coalesce(datacl, acldefault('d', datdba)) AS acl FROM pg_database WHERE datname = $1"
      : "SELECT coalesce(nspacl, acldefault('n', nspowner)) AS acl FROM pg_namespace WHERE nspname = $1";
  const [row] = await session.query(
    `SELECT ARRAY(SELECT e.privilege_type FROM aclexplode(o.acl) e
       WHERE e.grantee = CASE WHEN $3 THEN 0 ELSE (SELECT oid FROM pg_roles WHERE rolname = $2) END ORDER BY 1) AS privileges
     FROM (${acl}) o`,
    [grant.objectType === "database" ? grant.database : (grant.schema ?? "public"), grant.role, isPublic(grant.role)],
  );
  if (row === undefined) return null;
  return Array.isArray(row.privileges) ? row.privileges.map(String) : [];
}

/** An id alone is ambiguous where names hold underscores, so the server's own names decide. */
async function grantFromId(admin: PostgresAdmin, context: CallContext, id: string): Promise<unknown> {
  const [row] = await inSession(admin, context, null, (session) =>
    session.query(
      `SELECT r.name AS role, d.datname::text AS database
       FROM (SELECT rolname::text AS name FROM pg_roles UNION ALL SELECT 'public') r, pg_database d
       WHERE r.name || '_' || d.datname || '_database' = $1`,
      [id],
    ),
  );
  return row === undefined ? null : { ...row, objectType: "database", privileges: [] };
}
