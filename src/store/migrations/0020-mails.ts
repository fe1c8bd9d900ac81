/** Mails that wait to be sent: written in the transaction that needs them, so that neither is without the other. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `CREATE TABLE onvera.mails (
    id text PRIMARY KEY,
    organization_id text NOT NULL REFERENCES onvera.organizations,
    invitation_id text NOT NULL UNIQUE REFERENCES onvera.invitations,
    recipient text NOT NULL,
    -- Subject and text, which hold the invitation's token; gone as soon as it was sent or given up.
    sealed jsonb,
    status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'sent', 'failed')),
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    CHECK ((status = 'pending') = (sealed IS NOT NULL))
  )`,
  `CREATE INDEX mails_due ON onvera.mails (next_at) WHERE status = 'pending'`,
  `ALTER TABLE onvera.mails ENABLE ROW LEVEL SECURITY`,
  `ALTER TABLE onvera.mails FORCE ROW LEVEL SECURITY`,
  `CREATE POLICY organization_rows ON onvera.mails USING (
    current_setting('onvera.scope', true) = 'platform'
    OR organization_id = current_setting('onvera.organization_id', true)
  )`,
];
