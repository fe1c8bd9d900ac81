/** Counts of sign-ins that were tried, so that guessing is slow whichever server process is asked. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  // A bucket is a hash: who was guessed at, and from where, stands here for nobody to read.
  `CREATE TABLE onvera.sign_in_attempts (
    bucket bytea PRIMARY KEY,
    attempts integer NOT NULL,
    until timestamptz NOT NULL
  )`,
  `CREATE INDEX sign_in_attempts_over ON onvera.sign_in_attempts (until)`,
  // Where a person has signed in from: guesses from elsewhere do not shut them out there.
  `CREATE TABLE onvera.sign_in_places (
    user_id text NOT NULL REFERENCES onvera.users ON DELETE CASCADE,
    place bytea NOT NULL,
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, place)
  )`,
];
