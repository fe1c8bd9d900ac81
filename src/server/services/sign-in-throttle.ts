/**
 * Slows the guessing of passwords, counted in the database so that it holds over all server processes. An attempt is
 * counted before the password is looked at: many at once get no further than one after the other.
 *
 * Three counts: a person from one address, a person from all the addresses they never signed in from, an address. Whoever
 * guesses from elsewhere therefore cannot shut a person out where that person is at home.
 */
import { createHash } from "node:crypto";
import { sql } from "kysely";
import { OnveraError } from "../../domain/errors.ts";
import type { Scoped } from "../../store/database.ts";
import type { ServerDeps } from "../deps.ts";
import { transact } from "../transact.ts";
import { addressOf } from "./users.ts";

const WINDOW_MINUTES = 15;
/** How long a place stays known without a sign-in from it. */
const KNOWN_DAYS = 60;

export interface Attempt {
  place: Buffer;
  buckets: readonly Buffer[];
}

const digest = (...parts: string[]): Buffer => createHash("sha256").update(parts.join("\n")).digest();

/**
 * Counts an attempt.
 * @throws OnveraError RATE_LIMIT_EXCEEDED with the seconds to wait
 */
export async function admitSignIn(
  deps: ServerDeps,
  { email, address = "unknown" }: { email: string; address: string | undefined },
): Promise<Attempt> {
  const { signInsPerPersonAndAddress, signInsPerPerson, signInsPerAddress } = deps.limits;
  const place = digest("place", address);
  return transact(deps, null, async (db) => {
    const person = addressOf(email);
    const wanted = [
      { bucket: digest("person and address", person, address), limit: signInsPerPersonAndAddress },
      { bucket: digest("address", address), limit: signInsPerAddress },
      ...((await isKnown(db, person, place)) ? [] : [{ bucket: digest("person", person), limit: signInsPerPerson }]),
    ].sort((a, b) => Buffer.compare(a.bucket, b.bucket));
    const counts = await count(
      db,
      wanted.map(({ bucket }) => bucket),
    );
    const waits = wanted.flatMap(({ bucket, limit }) => {
      const counted = counts.find((row) => row.bucket.equals(bucket));
      return counted && counted.attempts > limit ? [counted.seconds] : [];
    });
    // Thrown inside the transaction: what is refused counts for nothing, so that a wait ends although somebody goes on trying.
    if (waits.length > 0) throw tooMany(Math.max(1, ...waits));
    return { place, buckets: wanted.map(({ bucket }) => bucket) };
  });
}

/** Takes an attempt back that was the person's own, and remembers where they are at home. */
export async function noteSignIn(db: Scoped, { buckets, place }: Attempt, userId: string): Promise<void> {
  await sql`UPDATE sign_in_attempts SET attempts = GREATEST(attempts - 1, 0) WHERE bucket IN
    (SELECT bucket FROM sign_in_attempts WHERE bucket IN (${sql.join(buckets)}) ORDER BY bucket FOR UPDATE)`.execute(
    db,
  );
  await sql`INSERT INTO sign_in_places (user_id, place) VALUES (${userId}, ${place})
    ON CONFLICT (user_id, place) DO UPDATE SET last_at = now()`.execute(db);
}

async function isKnown(db: Scoped, email: string, place: Buffer): Promise<boolean> {
  const { rows } = await sql`
    SELECT 1 FROM sign_in_places p JOIN users u ON u.id = p.user_id
    WHERE lower(u.email) = ${email} AND p.place = ${place}
      AND p.last_at > now() - make_interval(days => ${KNOWN_DAYS})`.execute(db);
  return rows.length > 0;
}

/** One more in each bucket; in the order of their names, so that two requests never wait for each other. */
async function count(db: Scoped, buckets: readonly Buffer[]) {
  await sql`DELETE FROM sign_in_attempts WHERE bucket IN
    (SELECT bucket FROM sign_in_attempts WHERE until < now() LIMIT 10 FOR UPDATE SKIP LOCKED)`.execute(db);
  const { rows } = await sql<{ bucket: Buffer; attempts: number; seconds: number }>`
    INSERT INTO sign_in_attempts AS seen (bucket, attempts, until)
    VALUES ${sql.join(buckets.map((bucket) => sql`(${bucket}::bytea, 1, now() + make_interval(mins => ${WINDOW_MINUTES}))`))}
    ON CONFLICT (bucket) DO UPDATE SET
      attempts = CASE WHEN seen.until <= now() THEN 1 ELSE seen.attempts + 1 END,
      until = CASE WHEN seen.until <= now() THEN excluded.until ELSE seen.until END
    RETURNING bucket, attempts, ceil(extract(epoch FROM until - now()))::integer AS seconds`.execute(db);
  return rows;
}

function tooMany(seconds: number): OnveraError {
  const minutes = Math.ceil(seconds / 60);
  return new OnveraError("RATE_LIMIT_EXCEEDED", {
    message: `Too many sign-ins were tried. Please retry after ${minutes === 1 ? "a minute" : `${minutes} minutes`}`,
    retryAfterSeconds: seconds,
  });
}
