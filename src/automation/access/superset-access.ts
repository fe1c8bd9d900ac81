/** Superset's people, by the REST API of its user management: whoever leaves is deactivated and keeps what they made. */
import { type AppPerson, appNames, rolesAfter, type WantedPerson } from "../../domain/access-plan.ts";
import { managedAppRoles, ONVERA_MARK } from "../../domain/app-roles.ts";
import { type AppAccess, AppAccessError, type AppDoor } from "./app-access.ts";
import { askApp, refusal } from "./ask-app.ts";
import { newPassword, removeProven } from "./denied-probe.ts";
import { openSupersetSession, signInToSuperset } from "./superset-session.ts";

interface SupersetUser {
  id: number;
  username: string;
  first_name: string;
  last_name: string;
  active: boolean | null;
  roles: { id: number; name: string }[];
}

const USERS = "/api/v1/security/users/";
const ROLES = "/api/v1/security/roles/";
const managed = managedAppRoles("superset");

/** Opens nothing yet: the first request signs in. */
export function supersetAccess(door: AppDoor): AppAccess {
  const session = openSupersetSession(door);
  let known: Map<string, number> | undefined;

  const readRoles = async () => {
    const roles = await session.list<{ id: number; name: string }>(ROLES, {});
    return new Map(roles.map(({ id, name }) => [name, id]));
  };
  const roleIds = async () => {
    known ??= await readRoles();
    if (known.has(ONVERA_MARK)) return known;
    const made = await session.ask({ method: "POST", path: ROLES, json: { name: ONVERA_MARK } });
    // 422: somebody signing in at this moment has made it.
    if (made.status !== 201 && made.status !== 422) throw refusal(door, `make the role ${ONVERA_MARK}`, made);
    known = await readRoles();
    return known;
  };
  const idOf = async (role: string) => {
    const id = (await roleIds()).get(role);
    if (id === undefined) throw new AppAccessError("refused", `The app has no role ${role} any more: make it again.`);
    return id;
  };
  const find = async (username: string): Promise<SupersetUser | undefined> => {
    if (username === door.username) throw new AppAccessError("refused", "The app's own administrator is left alone.");
    return (await session.list<SupersetUser>(USERS, { filters: [["username", "eq", username]] }))[0];
  };
  const change = async (id: number, json: Record<string, unknown>, wanted: string) => {
    const answer = await session.ask({ method: "PUT", path: `${USERS}${id}`, json });
    if (answer.status !== 200) throw refusal(door, wanted, answer);
  };

  return {
    async people() {
      const filters = [["roles", "rel_m_m", await idOf(ONVERA_MARK)]] as const;
      const users = await session.list<SupersetUser>(USERS, { filters });
      return users.filter(({ username }) => username !== door.username).map(personOf);
    },

    async put(person: WantedPerson) {
      const { first, last } = appNames(person);
      const user = await find(person.email);
      const wanted = rolesAfter(person.role, user ? personOf(user).roles : [], managed);
      const kept = (user?.roles ?? []).filter(({ name }) => wanted.includes(name) && name !== person.role);
      const roles = [await idOf(person.role), await idOf(ONVERA_MARK), ...kept.map(({ id }) => id)];
      const json = { first_name: first, last_name: last, active: true, roles };
      const update = (id: number) => change(id, json, `bring ${person.email} up to date`);
      if (user) return update(user.id);
      const made = { ...json, username: person.email, email: person.email, password: newPassword() };
      const answer = await session.ask({ method: "POST", path: USERS, json: made });
      if (answer.status === 201) return;
      // Who signs in at this moment has been made by that.
      const meanwhile = await find(person.email);
      if (!meanwhile) throw refusal(door, `take in ${person.email}`, answer);
      await update(meanwhile.id);
    },

    async remove({ username }) {
      const user = await find(username);
      if (!user) return;
      // The mark stays, and is asked for only where somebody took it: each question makes the removal later.
      const kept = user.roles.filter(({ name }) => !managed.includes(name)).map(({ id }) => id);
      const isMarked = user.roles.some(({ name }) => name === ONVERA_MARK);
      const roles = isMarked ? kept : [...kept, await idOf(ONVERA_MARK)];
      await removeProven({
        setPassword: (password) => change(user.id, { password }, `change the password of ${username}`),
        signIn: (password) => signInToSuperset(door, { username, password }),
        isLetIn: async (token) => {
          const answer = await askApp(door, { path: "/api/v1/me/", headers: { authorization: `Bearer ${token}` } });
          return answer.status === 200;
        },
        end: () => change(user.id, { active: false, roles }, `deactivate ${username}`),
        // Superset looks a person up anew at each request.
        memorySeconds: 0,
        signal: door.signal,
      });
    },
  };
}

const personOf = (user: SupersetUser): AppPerson => ({
  id: String(user.id),
  username: user.username,
  firstName: user.first_name,
  lastName: user.last_name,
  roles: user.roles.map(({ name }) => name).filter((name) => name !== ONVERA_MARK),
  active: user.active === true,
});
