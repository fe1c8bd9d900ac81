import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppAccessError } from "../../src/automation/access/app-access.ts";
import { type AppPerson, appNames, isAsWanted, planAccess, rolesAfter } from "../../src/domain/access-plan.ts";
import { managedAppRoles } from "../../src/domain/app-roles.ts";

const managed = managedAppRoles("superset");
const ada = { email: "ada@example.com", name: "Ada Lovelace", role: "Alpha" };

const there = (changes: Partial<AppPerson> = {}): AppPerson => ({
  id: "7",
  username: ada.email,
  firstName: "Ada",
  lastName: "Lovelace",
  roles: ["Alpha"],
  active: true,
  ...changes,
});

describe("the plan of access in an app (NH-11, QV-07)", () => {
  it("puts who is missing, has another role or name, or was deactivated, and leaves who is as wanted", () => {
    const plan = (actual: AppPerson[]) => planAccess([ada], actual, managed);
    expect(plan([])).toEqual({ puts: [ada], removals: [], untouched: 0 });
    for (const changes of [{ roles: ["Gamma"] }, { roles: ["Alpha", "Admin"] }, { roles: [] }]) {
      expect(plan([there(changes)]).puts, JSON.stringify(changes)).toEqual([ada]);
    }
    expect(plan([there({ active: false })]).puts).toEqual([ada]);
    expect(plan([there({ lastName: "Byron" })]).puts).toEqual([ada]);
    expect(plan([there()])).toEqual({ puts: [], removals: [], untouched: 1 });
  });

  it("removes who is no longer wanted, once: a deactivated person without our roles is left in peace", () => {
    const removals = (changes: Partial<AppPerson>) => planAccess([], [there(changes)], managed).removals.length;
    expect(removals({})).toBe(1);
    expect(removals({ roles: ["their own"] })).toBe(1);
    expect(removals({ active: false })).toBe(1);
    expect(removals({ active: false, roles: [] })).toBe(0);
    expect(removals({ active: false, roles: ["their own"] })).toBe(0);
  });

  it("leaves roles alone that somebody gave inside the app", () => {
    expect(isAsWanted(ada, there({ roles: ["Alpha", "their own"] }), managed)).toBe(true);
    expect(rolesAfter("Gamma", ["Alpha", "Admin", "their own"], managed)).toEqual(["Gamma", "their own"]);
  });

  it("gives both names a value of at most 64 letters, as the sign-in does", () => {
    expect(appNames({ name: "Ada Augusta King", email: "a@b" })).toEqual({ first: "Ada Augusta", last: "King" });
    expect(appNames({ name: " Ada ", email: "a@b" })).toEqual({ first: "Ada", last: "-" });
    expect(appNames({ name: " ", email: "a@b" })).toEqual({ first: "a@b", last: "-" });
    const long = appNames({ name: `${"é".repeat(70)} ${"😀".repeat(70)}`, email: "a@b" });
    expect([long.first, [...long.last].length]).toEqual(["é".repeat(64), 64]);
  });

  it("wants nothing more once its own plan was carried out, whoever was there before", () => {
    const emails = fc.constantFrom("a@x", "b@x", "c@x", "d@x", "e@x");
    const role = fc.constantFrom(...managed);
    const wanted = fc.uniqueArray(fc.record({ email: emails, name: fc.string(), role }), {
      selector: ({ email }) => email,
    });
    const roles = fc.uniqueArray(fc.constantFrom(...managed, "their own"));
    const texts = { id: fc.string(), firstName: fc.string(), lastName: fc.string() };
    const person = fc.record({ ...texts, username: emails, roles, active: fc.boolean() });
    const actual = fc.uniqueArray(person, { selector: ({ username }) => username });
    fc.assert(
      fc.property(wanted, actual, (want, before) => {
        const { puts, removals, untouched } = planAccess(want, before, managed);
        expect(puts.length + untouched).toBe(want.length);
        const after = new Map<string, AppPerson>(before.map((one) => [one.username, one]));
        for (const { username } of removals) after.delete(username);
        for (const one of puts) {
          const { first, last } = appNames(one);
          const given = rolesAfter(one.role, after.get(one.email)?.roles ?? [], managed);
          const changed = { username: one.email, firstName: first, lastName: last, roles: given, active: true };
          after.set(one.email, { id: "1", ...changed });
        }
        const second = planAccess(want, [...after.values()], managed);
        expect(second).toEqual({ puts: [], removals: [], untouched: want.length });
      }),
    );
  });
});

describe("what an app did not do", () => {
  it("concerns everybody unless it was refused for one person", () => {
    const faults = ["unreachable", "busy", "login", "refused"] as const;
    expect(faults.map((fault) => new AppAccessError(fault, "why").concernsAll)).toEqual([true, true, true, false]);
  });
});
