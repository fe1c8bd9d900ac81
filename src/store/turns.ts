/** Turns that come once an interval, for whichever process asks first. */
import { sql } from "kysely";
import type { Scoped } from "./database.ts";

export interface Turn {
  /** The same for all who take turns. */
  key: string;
  intervalSeconds: number;
  /** The moment it is taken at. @default the database's clock */
  at?: Date;
}

/** Takes the turn when it has come. The first one comes an interval after it was first asked for. @returns whether it was taken */
export async function takeTurn(db: Scoped, { key, intervalSeconds, at }: Turn): Promise<boolean> {
  const moment = at === undefined ? sql`now()` : sql`${at}::timestamptz`;
  await sql`INSERT INTO installation (key, value, updated_at) VALUES (${key}, '{}', ${moment})
    ON CONFLICT DO NOTHING`.execute(db);
  const { numAffectedRows } = await sql`UPDATE installation SET updated_at = ${moment}
    WHERE key = ${key} AND updated_at <= ${moment} - make_interval(secs => ${intervalSeconds})`.execute(db);
  return numAffectedRows === 1n;
}
