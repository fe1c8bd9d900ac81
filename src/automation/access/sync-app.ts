/** Brings one app's people to what is wanted, by the app's own API: whoever must go goes first, then everybody else. */
import { type AppPerson, planAccess, type WantedPerson } from "../../domain/access-plan.ts";
import { type AppAccess, AppAccessError } from "./app-access.ts";

/** Somebody as they are in the app now. */
export interface SeenPerson {
  username: string;
  /** The app's role; null for whom it is not open. */
  role: string | null;
  /** The role before this sync. */
  before: string | null;
  /** Why the app did not do what was wanted for this person. */
  error: string | null;
}

export interface SyncOutcome {
  /** Everybody wanted, and everybody who had to go. */
  people: SeenPerson[];
  counts: { added: number; changed: number; removed: number; unchanged: number; refused: number };
  /** What kept it from going on; undefined when it went through everybody. */
  stopped?: unknown;
}

/**
 * Compares all people with those wanted and does what is missing; one whom the app refuses does not hold up the others.
 * @param wanted everybody who may be in the app
 * @param managed the app's roles that Onvera gives and takes
 * @param say told what is being done, when there is something to do
 * @returns what came about, also where it was stopped half-way
 * @throws what `people` rejects with before anything was done
 */
export async function syncApp(
  app: AppAccess,
  wanted: readonly WantedPerson[],
  { managed, say }: { managed: readonly string[]; say(message: string): void },
): Promise<SyncOutcome> {
  const found = await app.people();
  const plan = planAccess(wanted, found, managed);
  const before = new Map(found.map((person) => [person.username, roleOf(person, managed)]));
  const seen = new Map<string, SeenPerson>();
  const note = (username: string, role: string | null, error: string | null = null) =>
    seen.set(username, { username, role, before: before.get(username) ?? null, error });
  const counts = { added: 0, changed: 0, removed: 0, unchanged: plan.untouched, refused: 0 };
  for (const { email } of wanted) note(email, before.get(email) ?? null);

  const attempt = async (username: string, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (!(error instanceof AppAccessError) || error.concernsAll) throw error;
      note(username, before.get(username) ?? null, error.message);
      counts.refused += 1;
      return false;
    }
  };
  const finish = (stopped?: unknown): SyncOutcome => ({
    people: [...seen.values()],
    counts,
    ...(stopped === undefined ? {} : { stopped }),
  });

  try {
    if (plan.removals.length > 0) say(`Taking access from ${people(plan.removals.length)}`);
    for (const person of plan.removals) {
      if (await attempt(person.username, () => app.remove(person))) note(person.username, null);
      else continue;
      counts.removed += 1;
    }
    if (plan.puts.length > 0) say(`Bringing ${people(plan.puts.length)} up to date`);
    for (const person of plan.puts) {
      const isNew = (before.get(person.email) ?? null) === null;
      if (!(await attempt(person.email, () => app.put(person)))) continue;
      note(person.email, person.role);
      counts[isNew ? "added" : "changed"] += 1;
    }
    if (counts.removed > 0) verifyGone(await app.people(), plan.removals, { managed, note, counts, seen });
  } catch (error) {
    return finish(error ?? new Error("The app was not asked any further."));
  }
  return finish();
}

interface Noting {
  managed: readonly string[];
  note(username: string, role: string | null, error: string | null): void;
  counts: SyncOutcome["counts"];
  seen: ReadonlyMap<string, SeenPerson>;
}

/** What an app says it did is looked up: a removal counts once the person is out of it. */
function verifyGone(now: readonly AppPerson[], removed: readonly AppPerson[], { managed, note, counts, seen }: Noting) {
  const there = new Map(now.map((person) => [person.username, roleOf(person, managed)]));
  for (const { username } of removed) {
    const role = there.get(username) ?? null;
    if (role === null || seen.get(username)?.error !== null) continue;
    note(username, role, "The app took the removal and still lets the person in.");
    counts.removed -= 1;
    counts.refused += 1;
  }
}

/** What Onvera's roles amount to for somebody in the app; null for whom it is not open. */
function roleOf({ active, roles }: AppPerson, managed: readonly string[]): string | null {
  if (!active) return null;
  const given = roles.filter((role) => managed.includes(role));
  return given.length === 0 ? NO_ROLE : given.join(", ");
}

/** They may sign in, and can do what roles given inside the app let them. */
const NO_ROLE = "none of Onvera's";

const people = (count: number): string => (count === 1 ? "one person" : `${count} people`);
