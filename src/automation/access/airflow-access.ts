/** Airflow's people, by the API of its auth manager. It cannot deactivate anybody by it, so whoever leaves is deleted. */
import { type AppPerson, appNames, rolesAfter, type WantedPerson } from "../../domain/access-plan.ts";
import { AIRFLOW_USER_MEMORY_SECONDS, managedAppRoles, ONVERA_MARK } from "../../domain/app-roles.ts";
import { type AppAccess, AppAccessError, type AppDoor } from "./app-access.ts";
import { type AppAnswer, type AppRequest, askApp, loginRefused, refusal } from "./ask-app.ts";
import { newPassword, removeProven } from "./denied-probe.ts";

interface AirflowUser {
  username: string;
  first_name: string;
  last_name: string;
  active: boolean | null;
  roles: { name: string }[] | null;
}

const USERS = "/auth/fab/v1/users";
const ROLES = "/auth/fab/v1/roles";
const PAGE_SIZE = 100;
const managed = managedAppRoles("airflow");
const userPath = (username: string) => `${USERS}/${encodeURIComponent(username)}`;

/** Opens nothing yet: the first request signs in. */
export function airflowAccess(door: AppDoor): AppAccess {
  let token: string | undefined;
  let marked = false;

  const ask = async (request: AppRequest): Promise<AppAnswer> => {
    for (let attempt = 1; ; attempt++) {
      token ??= await openAsAdministrator(door);
      const answer = await askApp(door, { ...request, headers: { authorization: `Bearer ${token}` } });
      if ((answer.status !== 401 && answer.status !== 403) || attempt === 2) return answer;
      token = undefined;
    }
  };
  const expect = async (wanted: string, request: AppRequest, ...statuses: number[]): Promise<AppAnswer> => {
    const answer = await ask(request);
    if (!statuses.includes(answer.status)) throw refusal(door, wanted, answer);
    return answer;
  };
  const ensureMark = async () => {
    if (marked) return;
    const wanted = `make the role ${ONVERA_MARK}`;
    const { status } = await expect(wanted, { path: `${ROLES}/${ONVERA_MARK}` }, 200, 404);
    const json = { name: ONVERA_MARK, actions: [] };
    // 409: somebody signing in at this moment has made it.
    if (status === 404) await expect(wanted, { method: "POST", path: ROLES, json }, 200, 201, 409);
    marked = true;
  };
  const find = async (username: string): Promise<AirflowUser | undefined> => {
    if (username === door.username) throw new AppAccessError("refused", "The app's own administrator is left alone.");
    const answer = await expect(`look up ${username}`, { path: userPath(username) }, 200, 404);
    return answer.status === 404 ? undefined : (answer.body as AirflowUser);
  };
  const change = (username: string, mask: string, json: Record<string, unknown>) => {
    const path = `${userPath(username)}?update_mask=${mask}`;
    return expect(`bring ${username} up to date`, { method: "PATCH", path, json }, 200);
  };
  const drop = (username: string) =>
    expect(`delete ${username}`, { method: "DELETE", path: userPath(username) }, 204, 404);

  return {
    async people() {
      const users: AirflowUser[] = [];
      for (;;) {
        const path = `${USERS}?limit=${PAGE_SIZE}&offset=${users.length}&order_by=id`;
        const { body } = await expect("list its people", { path }, 200);
        const page = body as { users: AirflowUser[]; total_entries: number };
        users.push(...page.users);
        if (users.length >= page.total_entries || page.users.length === 0) break;
      }
      return users.filter((user) => user.username !== door.username && names(user).includes(ONVERA_MARK)).map(personOf);
    },

    async put(person: WantedPerson) {
      await ensureMark();
      const { email } = person;
      const { first: first_name, last: last_name } = appNames(person);
      const user = await find(email);
      const given = user ? personOf(user).roles : [];
      const roles = [...rolesAfter(person.role, given, managed), ONVERA_MARK].map((name) => ({ name }));
      const update = () => change(email, "roles,first_name,last_name", { roles, first_name, last_name });
      if (user?.active === true) {
        await update();
        return;
      }
      // Nobody is activated again by this API either.
      if (user) await drop(email);
      const json = { username: email, email, first_name, last_name, roles, password: newPassword() };
      const { status } = await expect(`take in ${email}`, { method: "POST", path: USERS, json }, 200, 201, 409);
      // Who signs in at this moment has been made by that.
      if (status === 409) await update();
    },

    async remove({ username }) {
      if (!(await find(username))) return;
      await removeProven({
        // Ends the sessions of its older pages, too.
        setPassword: async (password) => void (await change(username, "password", { password })),
        signIn: (password) => signInToAirflow(door, { username, password }),
        isLetIn: async (session) => {
          const answer = await askApp(door, { path: "/ui/auth/me", headers: { authorization: `Bearer ${session}` } });
          return answer.status === 200;
        },
        end: async () => void (await drop(username)),
        memorySeconds: AIRFLOW_USER_MEMORY_SECONDS,
        signal: door.signal,
      });
    },
  };
}

async function openAsAdministrator(door: AppDoor): Promise<string> {
  const { username, password } = door;
  const token = await signInToAirflow(door, { username, password });
  if (token !== undefined) return token;
  throw loginRefused(door);
}

async function signInToAirflow(door: AppDoor, json: { username: string; password: string }) {
  const answer = await askApp(door, { method: "POST", path: "/auth/token", json });
  if (answer.status === 401) return undefined;
  const { access_token: token } = (answer.body ?? {}) as { access_token?: string };
  if (answer.status !== 201 || token === undefined) throw refusal({ ...door, ...json }, "sign anybody in", answer);
  return token;
}

const names = ({ roles }: AirflowUser): string[] => (roles ?? []).map(({ name }) => name);

const personOf = (user: AirflowUser): AppPerson => ({
  id: user.username,
  username: user.username,
  firstName: user.first_name,
  lastName: user.last_name,
  roles: names(user).filter((name) => name !== ONVERA_MARK),
  active: user.active === true,
});
