/** After a database was cloned from a template: its contents become the new owner's, and nothing else does. */
import { inTransaction, type PostgresSession } from "./admin.ts";
import { ensureMembership } from "./membership.ts";

/**
 * REASSIGN OWNED also hands over every database and tablespace the old owner has, wherever it is run: used carelessly it
 * gives the template itself to the tenant. So the databases the new owner has are counted before and after, and one more
 * undoes it all.
 */
const REASSIGN = `
DO $routine$
DECLARE
  heir text := current_setting('onvera.new_owner');
  source text;
  had oid[];
BEGIN
  SELECT array_agg(oid ORDER BY oid) INTO had FROM
    (SELECT oid FROM pg_database WHERE datdba = heir::regrole
     UNION ALL SELECT oid FROM pg_tablespace WHERE spcowner = heir::regrole) shared;
  FOR source IN SELECT unnest(string_to_array(current_setting('onvera.old_owners'), E'\\n')) LOOP
    EXECUTE format('REASSIGN OWNED BY %I TO %I', source, heir);
  END LOOP;
  IF had IS DISTINCT FROM (SELECT array_agg(oid ORDER BY oid) FROM
    (SELECT oid FROM pg_database WHERE datdba = heir::regrole
     UNION ALL SELECT oid FROM pg_tablespace WHERE spcowner = heir::regrole) shared) THEN
    RAISE EXCEPTION 'The owner of the template''s objects also owns databases or tablespaces, which would have gone to %', heir
      USING HINT = 'Build the template with an object owner that owns nothing else, not even the template database.';
  END IF;
END
$routine$`;

/** Roles that own something in the connected database, other than the heir. Built-in roles are not among them. */
const OLD_OWNERS = `
SELECT DISTINCT r.rolname::text AS name FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' AND r.rolname <> $1
  AND s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** Tables of the cluster's first superuser: they cannot be reassigned as a whole, and no tenant could use them. */
const BUILT_IN_OWNED = `
SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relowner = 10 AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relpersistence <> 't'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg\\_toast%'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
LIMIT 1`;

/**
 * Gives everything inside the connected database to `newOwner`. May be repeated.
 * @throws Error when that would hand over anything outside this database; nothing is changed then.
 */
export async function handOverContents(session: PostgresSession, newOwner: string): Promise<void> {
  const oldOwners = (await session.query(OLD_OWNERS, [newOwner])).map((row) => String(row.name));
  for (const role of [...oldOwners, newOwner]) await ensureMembership(session, role);
  const [builtIn] = await session.query(BUILT_IN_OWNED);
  if (builtIn !== undefined) {
    throw new Error(
      `${String(builtIn.name)} belongs to the server's first superuser, so it cannot be handed to ${newOwner}. ` +
        "Build the template as a role of its own.",
    );
  }
  if (oldOwners.length === 0) return;
  await inTransaction(session, async () => {
    await session.query("SELECT set_config('onvera.new_owner', $1, true), set_config('onvera.old_owners', $2, true)", [
      newOwner,
      oldOwners.join("\n"),
    ]);
    await session.query(REASSIGN);
  });
}
