/** People in a real Airflow, seen and changed as its own administrator does. */
import { type AppFromOutside, PERSONS_PASSWORD } from "./person-in-app.ts";
import { openSession } from "./web-session.ts";

/** @param url the deployment's address @param password of its administrator */
export async function openAirflowPeople(url: string, password: string): Promise<AppFromOutside> {
  const admin = openSession(url);
  const tokenOf = async (username: string, given: string) => {
    const login = await openSession(url).ask("/auth/token", { json: { username, password: given } });
    return login.json().access_token as string;
  };
  const headers = { authorization: `Bearer ${await tokenOf("admin", password)}` };
  const ask = async (path: string, method = "GET", json?: unknown) => {
    const answer = await admin.ask(`/auth/fab/v1/${path}`, { method, headers, ...(json ? { json } : {}) });
    if (answer.status > 299 && answer.status !== 404) {
      throw new Error(`Airflow answered ${answer.status}: ${answer.body.slice(0, 300)}`);
    }
    return { status: answer.status, body: answer.json() };
  };
  const roleNamed = async (name: string) => {
    if ((await ask(`roles/${encodeURIComponent(name)}`)).status === 404)
      await ask("roles", "POST", { name, actions: [] });
    return { name };
  };

  return {
    async person(username) {
      const { status, body } = await ask(`users/${username}`);
      if (status === 404) return undefined;
      return { active: body.active, roles: body.roles.map(({ name }: { name: string }) => name).sort() };
    },
    async makeByHand(username, role) {
      const names = { first_name: "Made", last_name: "Inside", email: `${username}@inside.example` };
      await ask("users", "POST", { ...names, username, roles: [await roleNamed(role)], password: PERSONS_PASSWORD });
    },
    async giveRole(username, role) {
      const { roles } = (await ask(`users/${username}`)).body;
      await ask(`users/${username}?update_mask=roles`, "PATCH", { roles: [...roles, await roleNamed(role)] });
    },
    async signIn(username) {
      await ask(`users/${username}?update_mask=password`, "PATCH", { password: PERSONS_PASSWORD });
      const cookie = openSession(url);
      const page = await cookie.ask("/auth/login/");
      const token = /name="csrf_token"[^>]*?value="([^"]+)"/.exec(page.body)?.[1] ?? "";
      const form = { username, password: PERSONS_PASSWORD, csrf_token: token };
      const signedIn = await cookie.ask("/auth/login/", { form, headers: { referer: `${cookie.origin}/auth/login/` } });
      if (signedIn.status !== 302) throw new Error(`Airflow's login form answered ${signedIn.status}.`);
      const bearer = `Bearer ${await tokenOf(username, PERSONS_PASSWORD)}`;
      const letIn = async (path: string, headers: Record<string, string>, session = openSession(url)) =>
        (await session.ask(path, { headers })).status === 200;
      return {
        cookie,
        letIn: async () => ({
          cookie: await letIn("/ui/auth/me", {}, cookie),
          token: await letIn("/api/v2/dags?limit=1", { authorization: bearer }),
        }),
      };
    },
  };
}
