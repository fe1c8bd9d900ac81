/**
 * The role scoped transactions take on. Roles belong to the whole server, so each control-plane database has its own:
 * `<database>_app`, as its state login is `<database>_state`. For the database `onvera` that is `onvera_app`.
 */

/** SQL for the role's name, in the database it belongs to. */
export const appRoleSql = "current_database() || '_app'";

/** Makes the role where it is missing and lets the control plane's own role take it on. Repeating it changes nothing. */
export const createAppRole = `DO $$
  DECLARE app_role text := ${appRoleSql};
  BEGIN
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', app_role);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, app_role, 'MEMBER') THEN
      BEGIN
        EXECUTE format('GRANT %I TO %I', app_role, current_user);
      EXCEPTION WHEN insufficient_privilege THEN
        RAISE EXCEPTION 'The role % was made by another role of this server, and % may not use it', app_role, current_user
          USING HINT = format('If nothing uses it any more, drop it as superuser: DROP ROLE %I', app_role);
      END;
    END IF;
  END $$`;

const grants = [
  "GRANT USAGE ON SCHEMA onvera TO %I",
  "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA onvera TO %I",
  "GRANT USAGE ON ALL SEQUENCES IN SCHEMA onvera TO %I",
  "REVOKE UPDATE, DELETE, TRUNCATE ON onvera.audit_events FROM %I",
  "ALTER DEFAULT PRIVILEGES IN SCHEMA onvera GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I",
  "ALTER DEFAULT PRIVILEGES IN SCHEMA onvera GRANT USAGE ON SEQUENCES TO %I",
];

/** What the role may do: rows of every table, but never change what was audited. */
export const grantsToAppRole = grants.map((grant) => `DO $$ BEGIN EXECUTE format('${grant}', ${appRoleSql}); END $$`);
