/** People: their rows and their passwords (argon2id). */
import { hash, verify } from "@node-rs/argon2";
import { newId } from "../../domain/ids.ts";
import type { Scoped } from "../../store/database.ts";

/** 19 MiB, two passes: about 55 ms; the numbers of OWASP's password storage sheet. */
const ARGON2ID = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Each hash takes a core and 19 MiB; more at once would only slow everything down. */
const CONCURRENT_HASHES = 2;

let running = 0;
const waiting: (() => void)[] = [];

/** What is stored of a password. */
export const hashPassword = (password: string): Promise<string> => inTurn(() => hash(password, ARGON2ID));

/** Whether a password is the one; takes as long for a person who is not there, so that nobody can tell who is. */
export async function passwordMatches(stored: string | null | undefined, password: string): Promise<boolean> {
  const against = stored ?? (await absentPerson());
  const matches = await inTurn(() => verify(against, password).catch(() => false));
  return matches && stored !== null && stored !== undefined;
}

export interface NewUser {
  email: string;
  name: string;
  /** Absent: the person cannot sign in by password. */
  passwordHash?: string | undefined;
  isPlatformOperator?: boolean;
}

export interface KnownPerson {
  id: string;
  name: string;
  password_hash: string | null;
  disabled_at: Date | null;
}

/** An address as people are told apart by. */
export const addressOf = (email: string): string => email.trim().toLowerCase();

/** The person with that address; undefined when there is none. */
export const findPerson = (db: Scoped, email: string): Promise<KnownPerson | undefined> =>
  db
    .selectFrom("users")
    .select(["id", "name", "password_hash", "disabled_at"])
    .where((eb) => eb.fn("lower", ["email"]), "=", addressOf(email))
    .executeTakeFirst();

/** Finds a person by email, or makes one; an existing person is left as they are. */
export async function ensureUser(db: Scoped, wanted: NewUser): Promise<{ id: string; created: boolean }> {
  const email = addressOf(wanted.email);
  const existing = await findPerson(db, email);
  if (existing) return { id: existing.id, created: false };
  const inserted = await db
    .insertInto("users")
    .values({
      id: newId("user"),
      email,
      name: wanted.name,
      password_hash: wanted.passwordHash ?? null,
      is_platform_operator: wanted.isPlatformOperator ?? false,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning("id")
    .executeTakeFirst();
  const user = inserted ?? (await findPerson(db, email));
  if (!user) throw new Error(`The person ${email} can neither be found nor made.`);
  return { id: user.id, created: inserted !== undefined };
}

let absent: Promise<string> | undefined;
function absentPerson(): Promise<string> {
  absent ??= hashPassword("nobody has this password");
  return absent;
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  while (running >= CONCURRENT_HASHES) await new Promise<void>((resolve) => waiting.push(resolve));
  running++;
  try {
    return await work();
  } finally {
    running--;
    waiting.shift()?.();
  }
}
