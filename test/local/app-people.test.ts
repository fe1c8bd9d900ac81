import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AppDoor } from "../../src/automation/access/app-access.ts";
import { openAppAccess } from "../../src/automation/access/open-app-access.ts";
import { appRoles, ONVERA_MARK } from "../../src/domain/app-roles.ts";
import { openAirflowPeople } from "../support/airflow-people.ts";
import { commandLine } from "../support/command-line.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";
import { accessTo, type InstallationAccess } from "../support/installation-access.ts";
import { type AppFromOutside, PERSONS_PASSWORD, type SeenInApp } from "../support/person-in-app.ts";
import { openSupersetPeople } from "../support/superset-people.ts";
import { until } from "../support/until.ts";

const ADA = "ada@members.example";
const BOB = "bob@members.example";
const GUEST = "guest";
const OWN_ROLE = "made-inside";
/** A busy machine takes its time; a quiet one a tenth of it (docs/security.md). */
const LIMIT_SECONDS = 60;

/** Members joining, changing and leaving by Onvera's API; what comes of it seen in real apps from outside. */
describe.each([
  { app: "superset", open: openSupersetPeople },
  { app: "airflow", open: openAirflowPeople },
] as const)("the people of a real $app", ({ app, open }) => {
  let installation: Installation;
  let access: InstallationAccess;
  let outside: AppFromOutside;
  let door: AppDoor;
  let id = "";
  const roles = appRoles[app];
  const { onvera, data } = commandLine(() => installation);

  const api = async (method: string, to: string, body?: unknown) => {
    const answer = await access.call(method, to, { body });
    if (answer.status > 299) throw new Error(`${method} ${to}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body.data;
  };
  /** @returns the person's id */
  const join = async (email: string, role: string): Promise<string> => {
    const { token } = await api("POST", "invitations", { email, role });
    await api("POST", "invitations/accept", { token, password: PERSONS_PASSWORD, name: "Ada Lovelace" });
    const { items } = await api("GET", "members");
    return items.find((member: { email: string }) => member.email === email).user_id;
  };
  const seen = (who: string, wanted: Partial<SeenInApp> | undefined) =>
    until(
      async () => {
        const person = await outside.person(who);
        if (wanted === undefined || person === undefined) return (person?.active ?? false) === (wanted !== undefined);
        return JSON.stringify({ ...person, ...wanted }) === JSON.stringify(person);
      },
      `${who} is seen in ${app} as ${JSON.stringify(wanted)}`,
    );
  const lastSync = async () => {
    const ended = `SELECT result FROM operations WHERE resource_id = $1 AND type = 'access.sync' AND status = 'succeeded'
      ORDER BY ended_at DESC LIMIT 1`;
    return (await access.query(ended, [id]))[0]?.result as Record<string, unknown> | undefined;
  };

  beforeAll(async () => {
    installation = makeInstallation();
    const { stdout } = await onvera("deploy", app, "--name", "People");
    access = accessTo(installation);
    id = /^Deployment ID: (dep_\S+)$/m.exec(stdout)?.[1] ?? "";
    const { url } = await data("get", id);
    const { password } = await data("credentials", id);
    const connectTo = { host: "127.0.0.1", port: Number(new URL(url).port) };
    door = { url, connectTo, username: "admin", password, signal: new AbortController().signal };
    outside = await open(url, password);
    await outside.makeByHand(GUEST, roles.developer);
  }, 900_000);
  afterAll(() => installation?.remove());

  let ada = "";
  it("are the members, with the mapped role, without anybody signing in (NH-11, QV-07)", async () => {
    ada = await join(ADA, "viewer");
    await seen(ADA, { active: true, roles: [roles.viewer, ONVERA_MARK].sort() });
    await join(BOB, "viewer");
    await seen(BOB, { active: true, roles: [roles.viewer, ONVERA_MARK].sort() });
  });

  it("get another role and lose the old one, keep one given inside the app, and nobody else is touched (QV-02)", async () => {
    await outside.giveRole(ADA, OWN_ROLE);
    for (const role of ["admin", "developer"] as const) {
      await api("PATCH", `members/${ada}`, { role });
      await seen(ADA, { roles: [roles[role], ONVERA_MARK, OWN_ROLE].sort() });
    }
    await until(async () => (await lastSync())?.changed === 1, "the last sync changed one person");
    expect(await lastSync()).toMatchObject({ added: 0, removed: 0, refused: 0 });
    await onvera("access", "sync", id);
    expect(await lastSync()).toMatchObject({ added: 0, changed: 0, removed: 0, refused: 0, unchanged: 3 });
  });

  it("are denied with an old cookie and an old token seconds after they were removed (NH-11, ON-46)", async () => {
    const [old, others] = [await outside.signIn(ADA), await outside.signIn(BOB)];
    expect(await old.letIn()).toEqual({ cookie: true, token: true });
    const startedAt = performance.now();
    await api("DELETE", `members/${ada}`);
    await until(async () => {
      const { cookie, token } = await old.letIn();
      return !cookie && !token;
    }, "both old sessions are denied");
    const deniedAfterSeconds = (performance.now() - startedAt) / 1000;
    console.info(`${app}: old sessions denied ${deniedAfterSeconds.toFixed(1)} s after the removal was asked for`);
    expect(deniedAfterSeconds).toBeLessThan(LIMIT_SECONDS);
    expect(await others.letIn()).toEqual({ cookie: true, token: true });
    await seen(ADA, undefined);
  });

  it("are brought in order when an app that was stopped meanwhile starts again; people made inside it stay (NH-11)", async () => {
    const guest = await outside.signIn(GUEST);
    const { items } = await api("GET", "members");
    const bob = items.find((member: { email: string }) => member.email === BOB).user_id;
    await onvera("stop", id);
    await api("DELETE", `members/${bob}`);
    await join(ADA, "viewer");
    await onvera("start", id);
    await seen(BOB, undefined);
    await seen(ADA, { active: true });
    expect(await outside.person(GUEST)).toEqual({ active: true, roles: [roles.developer] });
    expect((await outside.person("admin"))?.active).toBe(true);
    expect(await guest.letIn()).toEqual({ cookie: true, token: true });
  });

  it("are refused one by one, a wrong password and an app that is away for all (NH-11, F21)", async () => {
    const people = openAppAccess(app, door);
    const taken = { email: `${GUEST}@inside.example`, name: "Somebody", role: roles.viewer };
    await expect(people.put(taken)).rejects.toMatchObject({ fault: "refused", concernsAll: false });
    await expect(people.remove({ username: "admin" })).rejects.toMatchObject({ fault: "refused" });
    const wrong = { ...door, password: "not the administrator's password" };
    const refused = await openAppAccess(app, wrong)
      .people()
      .catch((error: unknown) => error);
    expect(refused).toMatchObject({ fault: "login", concernsAll: true });
    expect(String(refused)).not.toContain(wrong.password);
    const away = { ...door, connectTo: { host: "127.0.0.1", port: 9 } };
    await expect(openAppAccess(app, away).people()).rejects.toMatchObject({ fault: "unreachable" });
  });

  it("do not keep the app from being destroyed, which ends everybody's access first (ON-46)", async () => {
    const last = await outside.signIn(ADA);
    await onvera("destroy", id, "--force");
    expect(await last.letIn()).toEqual({ cookie: false, token: false });
    expect(await access.query("SELECT closed_at IS NOT NULL AS closed FROM access_syncs")).toEqual([{ closed: true }]);
  });
});
