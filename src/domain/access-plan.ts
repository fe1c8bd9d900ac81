/** What must happen in one app so that its people are those Onvera wants there: pure, and the same for every app. */

/** A member as an app is to have them. */
export interface WantedPerson {
  /** Also their user name in the app, as a sign-in through Onvera makes it. */
  email: string;
  /** Whole, as Onvera keeps it; empty where the person gave none. */
  name: string;
  /** The app's own role (src/domain/app-roles.ts). */
  role: string;
}

/** Somebody in an app whom Onvera put there. */
export interface AppPerson {
  /** The app's own, for its next request; no more than that. */
  id: string;
  username: string;
  firstName: string;
  lastName: string;
  /** All of them, also those that somebody gave inside the app; without the one that marks them as ours. */
  roles: readonly string[];
  active: boolean;
}

export interface AccessPlan {
  puts: WantedPerson[];
  removals: AppPerson[];
  /** How many are as they should be. */
  untouched: number;
}

const LONGEST_NAME = 64;

/** First and last name as the apps keep them: neither may be empty. A sign-in makes them the same way (apps/common/onvera_sign_in.py). */
export function appNames({ name, email }: Pick<WantedPerson, "name" | "email">): { first: string; last: string } {
  const whole = name.trim() || email;
  const space = whole.lastIndexOf(" ");
  const [first, last] = space < 1 ? [whole, "-"] : [whole.slice(0, space), whole.slice(space + 1)];
  return { first: cut(first), last: cut(last) };
}

/**
 * Compares what is wanted with what is there.
 * @param wanted everybody who may be in the app; nobody else may
 * @param actual everybody there whom Onvera put there, the deactivated too
 * @param managed the app's roles that Onvera gives and takes; others stay as they are
 */
export function planAccess(
  wanted: readonly WantedPerson[],
  actual: readonly AppPerson[],
  managed: readonly string[],
): AccessPlan {
  const there = new Map(actual.map((person) => [person.username, person]));
  const names = new Set(wanted.map(({ email }) => email));
  const puts = wanted.filter((person) => !isAsWanted(person, there.get(person.email), managed));
  const removals = actual.filter((person) => !names.has(person.username) && mayDoSomething(person, managed));
  return { puts, removals, untouched: wanted.length - puts.length };
}

/** Whether a person in the app is what is wanted of them; false for somebody who is not there. */
export function isAsWanted(wanted: WantedPerson, actual: AppPerson | undefined, managed: readonly string[]): boolean {
  if (actual === undefined || !actual.active) return false;
  const { first, last } = appNames(wanted);
  if (actual.firstName !== first || actual.lastName !== last) return false;
  const given = actual.roles.filter((role) => managed.includes(role));
  return given.length === 1 && given[0] === wanted.role;
}

/** The roles a person is to have: the wanted one, and those that somebody gave inside the app. */
export const rolesAfter = (wanted: string, actual: readonly string[], managed: readonly string[]): string[] => [
  wanted,
  ...actual.filter((role) => !managed.includes(role)),
];

const mayDoSomething = ({ active, roles }: AppPerson, managed: readonly string[]): boolean =>
  active || roles.some((role) => managed.includes(role));

const cut = (text: string): string => [...text].slice(0, LONGEST_NAME).join("");
