/** People in a real Superset, seen and changed as its own administrator does. */
import { type AppFromOutside, PERSONS_PASSWORD } from "./person-in-app.ts";
import { signInByForm } from "./superset-client.ts";
import { openSession } from "./web-session.ts";

interface User {
  id: number;
  active: boolean;
  roles: { id: number; name: string }[];
}

/** @param url the deployment's address @param password of its administrator */
export async function openSupersetPeople(url: string, password: string): Promise<AppFromOutside> {
  const admin = openSession(url);
  const tokenOf = async (username: string, given: string) => {
    const login = { username, password: given, provider: "db", refresh: false };
    return (await openSession(url).ask("/api/v1/security/login", { json: login })).json().access_token as string;
  };
  const authorization = `Bearer ${await tokenOf("admin", password)}`;
  const form = (await admin.ask("/api/v1/security/csrf_token/", { headers: { authorization } })).json().result;
  const headers = { authorization, "x-csrftoken": form, referer: `${admin.origin}/` };
  const ask = async (path: string, method = "GET", json?: unknown) => {
    const answer = await admin.ask(`/api/v1/security/${path}`, { method, headers, ...(json ? { json } : {}) });
    if (answer.status > 299) throw new Error(`Superset answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    return answer.json();
  };
  const all = async (): Promise<(User & { username: string })[]> => (await ask("users/?q=(page_size:100)")).result;
  const find = async (username: string) => (await all()).find((user) => user.username === username);
  const roleId = async (name: string) => {
    const { result } = await ask("roles/?q=(page_size:100)");
    return (
      result.find((role: { name: string }) => role.name === name)?.id ?? (await ask("roles/", "POST", { name })).id
    );
  };
  const change = async (username: string, json: (user: User) => Promise<unknown>) => {
    const user = await find(username);
    if (user === undefined) throw new Error(`${username} is not in this Superset.`);
    await ask(`users/${user.id}`, "PUT", await json(user));
  };

  return {
    async person(username) {
      const user = await find(username);
      return user && { active: user.active, roles: user.roles.map(({ name }) => name).sort() };
    },
    async makeByHand(username, role) {
      const names = { first_name: "Made", last_name: "Inside", email: `${username}@inside.example` };
      const rest = { username, active: true, roles: [await roleId(role)], password: PERSONS_PASSWORD };
      await ask("users/", "POST", { ...names, ...rest });
    },
    giveRole: (username, role) =>
      change(username, async ({ roles }) => ({ roles: [...roles.map(({ id }) => id), await roleId(role)] })),
    async signIn(username) {
      await change(username, async () => ({ password: PERSONS_PASSWORD }));
      const cookie = openSession(url);
      await signInByForm(cookie, username, PERSONS_PASSWORD);
      const bearer = `Bearer ${await tokenOf(username, PERSONS_PASSWORD)}`;
      const letIn = async (headers: Record<string, string>, session = openSession(url)) =>
        (await session.ask("/api/v1/me/", { headers })).status === 200;
      return {
        cookie,
        letIn: async () => ({ cookie: await letIn({}, cookie), token: await letIn({ authorization: bearer }) }),
      };
    },
  };
}
