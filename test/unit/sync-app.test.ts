/** One sync of an app's people: what is done, in which order, and what a refusal or a break does to the rest (ON-17, NH-11). */
import { describe, expect, it } from "vitest";
import { type AppAccess, AppAccessError } from "../../src/automation/access/app-access.ts";
import { syncApp } from "../../src/automation/access/sync-app.ts";
import type { AppPerson, WantedPerson } from "../../src/domain/access-plan.ts";

const managed = ["Admin", "Alpha", "Gamma"];
const wanted = (email: string, role = "Gamma"): WantedPerson => ({ email, name: "A B", role });
const person = (username: string, role = "Gamma"): AppPerson => ({
  id: username,
  username,
  firstName: "A",
  lastName: "B",
  roles: [role],
  active: true,
});

/** An app that notes what it is asked, and fails where told. */
function appWith(people: AppPerson[], fails: Record<string, () => unknown> = {}) {
  const asked: string[] = [];
  const here = new Map(people.map((one) => [one.username, one]));
  const note = (what: string) => {
    asked.push(what);
    if (fails[what]) throw fails[what]();
  };
  const app: AppAccess = {
    people: async () => {
      note("people");
      return [...here.values()];
    },
    put: async ({ email, role }) => {
      note(`put ${email} ${role}`);
      here.set(email, person(email, role));
    },
    remove: async ({ username }) => {
      note(`remove ${username}`);
      here.delete(username);
    },
  };
  return { app, asked };
}

const sync = (app: AppAccess, people: WantedPerson[]) => syncApp(app, people, { managed, say: () => undefined });

describe("a sync of an app's people", () => {
  it("asks once and writes nothing where everybody is as wanted (NH-11)", async () => {
    const { app, asked } = appWith([person("ann"), person("bob", "Admin")]);
    const outcome = await sync(app, [wanted("ann"), wanted("bob", "Admin")]);
    expect(asked).toEqual(["people"]);
    expect(outcome.counts).toEqual({ added: 0, changed: 0, removed: 0, unchanged: 2, refused: 0 });
    expect(outcome.people).toEqual([
      { username: "ann", role: "Gamma", before: "Gamma", error: null },
      { username: "bob", role: "Admin", before: "Admin", error: null },
    ]);
  });

  it("takes access away before it gives any, and looks up that those who went are gone (ON-46, NH-11)", async () => {
    const { app, asked } = appWith([person("eve"), person("bob")]);
    const outcome = await sync(app, [wanted("ann"), wanted("bob", "Alpha")]);
    expect(asked).toEqual(["people", "remove eve", "put ann Gamma", "put bob Alpha", "people"]);
    expect(outcome.counts).toEqual({ added: 1, changed: 1, removed: 1, unchanged: 0, refused: 0 });
    expect(outcome.people.find(({ username }) => username === "eve")).toMatchObject({ role: null, before: "Gamma" });
  });

  it("does not count a removal that the app only says it did (NH-11)", async () => {
    const { app } = appWith([person("eve")]);
    app.remove = async () => undefined;
    const outcome = await sync(app, []);
    expect(outcome.counts).toMatchObject({ removed: 0, refused: 1 });
    expect(outcome.people[0]).toMatchObject({
      username: "eve",
      role: "Gamma",
      error: expect.stringContaining("still"),
    });
  });

  it("goes on with the others when the app refuses one person", async () => {
    const refuse = () => new AppAccessError("refused", "The name is taken.");
    const { app } = appWith([person("eve")], { "put ann Gamma": refuse });
    const outcome = await sync(app, [wanted("ann"), wanted("bob")]);
    expect(outcome.stopped).toBeUndefined();
    expect(outcome.counts).toEqual({ added: 1, changed: 0, removed: 1, unchanged: 0, refused: 1 });
    expect(outcome.people).toContainEqual({ username: "ann", role: null, before: null, error: "The name is taken." });
    expect(outcome.people).toContainEqual({ username: "bob", role: "Gamma", before: null, error: null });
  });

  it("stops where the app itself breaks, and still tells what came about until then", async () => {
    const gone = new AppAccessError("unreachable", "Nothing listens.");
    const { app, asked } = appWith([person("eve")], { "put ann Gamma": () => gone });
    const outcome = await sync(app, [wanted("ann"), wanted("bob")]);
    expect(outcome.stopped).toBe(gone);
    expect(asked.at(-1)).toBe("put ann Gamma");
    expect(outcome.people).toContainEqual({ username: "eve", role: null, before: "Gamma", error: null });
    expect(outcome.people).toContainEqual({ username: "bob", role: null, before: null, error: null });
  });

  it("fails before anything is done where the people cannot be read", async () => {
    const gone = new AppAccessError("login", "The password is another one.");
    const { app } = appWith([], { people: () => gone });
    await expect(sync(app, [wanted("ann")])).rejects.toBe(gone);
  });
});
