/** A click leads into a real Superset and a real Airflow, signed in with the role of the member (issue: single sign-on; ON-22, F21). */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ONVERA_MARK } from "../../src/domain/app-roles.ts";
import { launchBrowser } from "../support/chromium.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";
import { accessTo, type InstallationAccess } from "../support/installation-access.ts";

const PASSWORD = "quiet harbour at night";
const PATIENCE = { timeout: 150_000 };

let installation: Installation;
let access: InstallationAccess;
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
  installation = makeInstallation();
  const started = await installation.onvera(["start", "--background"]);
  expect(started.code, started.stderr).toBe(0);
  access = accessTo(installation);
}, 600_000);
afterAll(async () => {
  await browser?.close();
  await installation?.remove();
});

let joined = 0;

/** Somebody new in the organization, also where a test is tried again. @returns their address */
async function join(name: string, role: string): Promise<string> {
  const email = `${name}-${joined++}@example.test`;
  const { body } = await access.call("POST", "invitations", { body: { email, role } });
  const accepted = await access.call("POST", "invitations/accept", {
    body: { token: body.data.token, name: `${name} Example`, password: PASSWORD },
  });
  expect(accepted.status, JSON.stringify(accepted.body)).toBeLessThan(300);
  return email;
}

/** Signs in on Onvera's page, where a person comes to who is not signed in. */
async function signInAt(page: Page, email: string): Promise<void> {
  await page.getByLabel("Email").fill(email, PATIENCE);
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}

describe.each([
  { app: "superset", inside: /\/superset\/welcome/, roles: { developer: "Alpha", viewer: "Gamma" } },
  {
    app: "airflow",
    inside: /^http:\/\/[\w-]+\.localhost:\d+\/(?:\?.*)?$/,
    roles: { developer: "Op", viewer: "Viewer" },
  },
])("a real $app", ({ app, inside, roles }) => {
  let id = "";
  let signInUrl = "";
  const contexts: BrowserContext[] = [];
  const open = async () => {
    const context = await browser.newContext();
    contexts.push(context);
    return context.newPage();
  };
  /** But for the mark by which Onvera tells its people apart. */
  const rolesOf = async (email: string) => {
    const rows = await access.query(
      `SELECT r.name FROM ab_user u JOIN ab_user_role ur ON ur.user_id = u.id JOIN ab_role r ON r.id = ur.role_id
       WHERE u.username = $1 AND u.active AND r.name <> $2 ORDER BY r.name`,
      [email, ONVERA_MARK],
      `ov_${id.slice(4).replaceAll("-", "")}`,
    );
    return rows.map(({ name }) => name);
  };

  beforeAll(async () => {
    const deployed = await installation.onvera(["deploy", app, "--name", `My ${app}`, "--output", "json"]);
    expect(deployed.code, deployed.stderr).toBe(0);
    const { items } = (await access.call("GET", "deployments")).body.data;
    const found = items.find((item: { app_type: string }) => item.app_type === app);
    id = found.id;
    signInUrl = found.sign_in_url;
  }, 900_000);
  afterAll(async () => {
    for (const context of contexts) await context.close();
    await installation.onvera(["stop", id]);
  });

  it("asks who a stranger is and then lets them in as what they are in Onvera", async () => {
    const opened = await installation.onvera(["open", id]);
    expect(opened.stdout.trim()).toBe(signInUrl);
    const email = await join(`dev-${app}`, "developer");
    const page = await open();
    await page.goto(signInUrl, PATIENCE);
    expect(new URL(page.url()).host).toBe(`127.0.0.1:${access.settings.apiPort}`);
    await signInAt(page, email);
    await page.waitForURL(inside, PATIENCE);
    expect(await rolesOf(email)).toEqual([roles.developer]);
    const path = app === "superset" ? "/api/v1/me/" : "/ui/auth/me";
    const me = await page.evaluate<[number, string]>(
      `fetch("${path}").then(async (answer) => [answer.status, await answer.text()])`,
    );
    expect(me).toEqual([200, expect.stringContaining(email)]);
  });

  it("follows a change of role at the next click, without a question, and keeps roles made inside the app", async () => {
    const email = await join(`climber-${app}`, "viewer");
    const page = await open();
    await page.goto(signInUrl, PATIENCE);
    await signInAt(page, email);
    await page.waitForURL(inside, PATIENCE);
    expect(await rolesOf(email)).toEqual([roles.viewer]);
    await access.query(
      `INSERT INTO ab_user_role (id, user_id, role_id)
       SELECT nextval('ab_user_role_id_seq'), u.id, r.id FROM ab_user u, ab_role r WHERE u.username = $1 AND r.name = 'Public'`,
      [email],
      `ov_${id.slice(4).replaceAll("-", "")}`,
    );
    const { items } = (await access.call("GET", "members?per_page=100")).body.data;
    const member = items.find((item: { email: string }) => item.email === email);
    const changed = await access.call("PATCH", `members/${member.user_id ?? member.id}`, {
      body: { role: "developer" },
    });
    expect(changed.status).toBe(200);
    await page.goto(signInUrl, PATIENCE);
    await page.waitForURL(inside, PATIENCE);
    expect(await rolesOf(email)).toEqual([roles.developer, "Public"].sort());
  });

  it("tells somebody of another organization, or who left, that they may not open it", async () => {
    const email = await join(`leaver-${app}`, "viewer");
    const page = await open();
    await page.goto(signInUrl, PATIENCE);
    await signInAt(page, email);
    await page.waitForURL(inside, PATIENCE);
    const { items } = (await access.call("GET", "members?per_page=100")).body.data;
    const member = items.find((item: { email: string }) => item.email === email);
    expect((await access.call("DELETE", `members/${member.user_id ?? member.id}`)).status).toBe(200);
    await page.goto(signInUrl, PATIENCE);
    await page
      .getByText("You are no member where this app belongs")
      .or(page.getByText("Access denied"))
      .first()
      .waitFor();
    expect(new URL(page.url()).host).toBe(`127.0.0.1:${access.settings.apiPort}`);
  });
});
