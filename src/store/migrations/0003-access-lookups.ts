/**
 * Who a key or a session belongs to, asked before any organization is known. Two functions answer that one question
 * with the platform's sight, so that a request needs one statement and no transaction to know its caller.
 */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

// A role without superuser may not put a setting of ours into the function's own SET clause, so the body does it.
const platformSight = "PERFORM set_config('onvera.scope', 'platform', true);";
const ownSight = "PERFORM set_config('onvera.scope', '', true);";

const statements = [
  `CREATE FUNCTION onvera.find_api_key(key_hash bytea)
  RETURNS TABLE (
    api_key_id text, api_key_name text, organization_id text, scopes text[], expires_at timestamptz,
    revoked_at timestamptz, last_used_at timestamptz, user_id text, user_name text, email text,
    is_platform_operator boolean, disabled_at timestamptz, role text
  )
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = onvera, pg_temp AS $$
  #variable_conflict use_column
  BEGIN
    ${platformSight}
    RETURN QUERY SELECT k.id, k.name, k.organization_id, k.scopes, k.expires_at, k.revoked_at, k.last_used_at,
      u.id, u.name, u.email, u.is_platform_operator, u.disabled_at, m.role
    FROM api_keys k
    JOIN users u ON u.id = k.user_id
    LEFT JOIN memberships m ON m.user_id = k.user_id AND m.organization_id = k.organization_id
    WHERE k.hash = key_hash;
    ${ownSight}
  END $$`,
  `CREATE FUNCTION onvera.find_session(wanted_session text, wanted_organization text)
  RETURNS TABLE (
    session_id text, expires_at timestamptz, revoked_at timestamptz, user_id text, user_name text, email text,
    is_platform_operator boolean, disabled_at timestamptz, role text
  )
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = onvera, pg_temp AS $$
  #variable_conflict use_column
  BEGIN
    ${platformSight}
    RETURN QUERY SELECT s.id, s.expires_at, s.revoked_at, u.id, u.name, u.email, u.is_platform_operator, u.disabled_at, m.role
    FROM sessions s
    JOIN users u ON u.id = s.user_id
    LEFT JOIN memberships m ON m.user_id = s.user_id AND m.organization_id = wanted_organization
    WHERE s.id = wanted_session;
    ${ownSight}
  END $$`,
  `REVOKE ALL ON FUNCTION onvera.find_api_key(bytea) FROM PUBLIC`,
  `REVOKE ALL ON FUNCTION onvera.find_session(text, text) FROM PUBLIC`,
  // Lists walk these in their own order.
  `CREATE INDEX api_keys_page ON onvera.api_keys (organization_id, created_at DESC, id DESC)`,
  `CREATE INDEX operation_events_page ON onvera.operation_events (organization_id, at DESC)`,
];
