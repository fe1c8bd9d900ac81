/** Inputs of a role and the statements that bring a role to them. Pure, apart from reading. */
import { z } from "zod";
import type { Values } from "../host/values.ts";
import type { PostgresSession, Row } from "./admin.ts";
import { identifier, literal } from "./sql-text.ts";

const flag = z.boolean().default(false);
/** Inputs of the official type that would let a tenant out of its own database are refused. */
const never = z.literal(false, "Not served here: a deployment's role must not have it.").default(false);
const timeout = z.number().int().min(0).default(0);
const Name = z.string().min(1).max(63);

export const RoleInputs = z.strictObject({
  name: Name,
  login: flag,
  password: z.string().optional(),
  encryptedPassword: z.literal(true, "Passwords are always stored as SCRAM verifiers.").default(true),
  roles: z.array(Name).default([]),
  assumeRole: z.string().max(63).default(""),
  inherit: z.boolean().default(true),
  createDatabase: flag,
  createRole: flag,
  connectionLimit: z.number().int().min(-1).default(-1),
  searchPaths: z.array(Name).default([]),
  statementTimeout: timeout,
  idleInTransactionSessionTimeout: timeout,
  validUntil: z.string().default("infinity"),
  skipDropRole: flag,
  skipReassignOwned: flag,
  superuser: never,
  replication: never,
  bypassRowLevelSecurity: never,
});
export type RoleInputs = z.output<typeof RoleInputs>;

/** Everything after `CREATE ROLE name` or `ALTER ROLE name`. `verifier` is the password in SCRAM form. */
export function roleOptions(role: RoleInputs, verifier: string | null): string {
  const either = (wanted: boolean, word: string): string => (wanted ? word : `NO${word}`);
  return [
    either(role.login, "LOGIN"),
    either(role.inherit, "INHERIT"),
    either(role.createDatabase, "CREATEDB"),
    either(role.createRole, "CREATEROLE"),
    `CONNECTION LIMIT ${role.connectionLimit}`,
    `VALID UNTIL ${literal(role.validUntil)}`,
    `PASSWORD ${verifier === null ? "NULL" : literal(verifier)}`,
  ].join(" ");
}

/** `ALTER ROLE … SET/RESET` for the settings a session of the role starts with. */
export function roleSettings(role: RoleInputs): string[] {
  const settings: [string, string | null][] = [
    ["search_path", role.searchPaths.length > 0 ? role.searchPaths.map(identifier).join(", ") : null],
    ["statement_timeout", role.statementTimeout > 0 ? String(role.statementTimeout) : null],
    [
      "idle_in_transaction_session_timeout",
      role.idleInTransactionSessionTimeout > 0 ? String(role.idleInTransactionSessionTimeout) : null,
    ],
    ["role", role.assumeRole !== "" ? literal(role.assumeRole) : null],
  ];
  const name = identifier(role.name);
  return settings.map(([setting, value]) =>
    value === null ? `ALTER ROLE ${name} RESET ${setting}` : `ALTER ROLE ${name} SET ${setting} TO ${value}`,
  );
}

/** Null when there is no such role. */
export async function readRole(session: PostgresSession, name: string): Promise<Row | null> {
  const [row] = await session.query(
    `SELECT r.oid, r.rolcanlogin, r.rolinherit, r.rolcreatedb, r.rolcreaterole, r.rolconnlimit, r.rolsuper,
            r.rolreplication, r.rolbypassrls, coalesce(r.rolvaliduntil::text, 'infinity') AS valid_until,
            coalesce(r.rolconfig, '{}') AS settings, shobj_description(r.oid, 'pg_authid') AS comment,
            ARRAY(SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members WHERE member = r.oid ORDER BY 1) AS roles
     FROM pg_roles r WHERE r.rolname = $1`,
    [name],
  );
  return row ?? null;
}

/** A row of `readRole` as inputs; the password cannot be read back. */
export function roleFromRow(name: string, row: Row): Values {
  const settings = new Map(
    (row.settings as string[]).map((line): [string, string] => [
      line.slice(0, line.indexOf("=")),
      line.slice(line.indexOf("=") + 1),
    ]),
  );
  const searchPath = settings.get("search_path") ?? "";
  return {
    name,
    login: row.rolcanlogin,
    encryptedPassword: true,
    roles: row.roles,
    assumeRole: settings.get("role") ?? "",
    inherit: row.rolinherit,
    createDatabase: row.rolcreatedb,
    createRole: row.rolcreaterole,
    connectionLimit: row.rolconnlimit,
    searchPaths: searchPath === "" ? [] : searchPath.split(", ").map((path) => path.replace(/^"|"$/g, "")),
    statementTimeout: milliseconds(settings.get("statement_timeout")),
    idleInTransactionSessionTimeout: milliseconds(settings.get("idle_in_transaction_session_timeout")),
    validUntil: row.valid_until,
    superuser: row.rolsuper,
    replication: row.rolreplication,
    bypassRowLevelSecurity: row.rolbypassrls,
  };
}

const milliseconds = (text: string | undefined): number => Number.parseInt(text ?? "0", 10);
