/** `onvera auth login` as a person meets it: a page that says what asks, with the code of the terminal (ON-18), and their sessions. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { type DashboardSite, type Person, startDashboardSite } from "../support/dashboard-site.ts";
import { isTooWide, openSite, signIn, violationsOf, type WatchedPage } from "../support/watched-page.ts";

let site: DashboardSite;
let browser: Browser;
let owner: Person;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  site = await startDashboardSite();
  owner = await site.addPerson("Ada", "owner");
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});
beforeEach(async () => {
  watched = await openSite(browser, site, { expected: [/401/] });
  ({ page } = watched);
});
afterEach(async () => {
  expect(watched.complaints).toEqual([]);
  await watched.close();
});

const ask = async (path: string, body: object) => {
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${site.url}/api/v1/auth/${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as { data: Record<string, string> } };
};

/** Opens an address as somebody who is sent there and has to sign in first. */
const openAs = async ({ email, password }: Person, path: string) => {
  await page.goto(`${site.url}${path}`);
  await page.getByLabel("Email").fill(email);
  await page.getByLabel(/^Password/).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Let a command line in?" }).waitFor();
};

describe("a command line that asks to be let in", () => {
  it("is let in by whoever signs in on its page, and comes for its key (ON-18)", async () => {
    const { data: login } = (await ask("cli-logins", { client: "onvera CLI on desk" })).body;
    await openAs(owner, login.approval_path ?? "");
    await page.getByText("onvera CLI on desk").waitFor();
    await page.getByText(login.code ?? "").waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    await expect.poll(() => isTooWide(page)).toBe(false);
    await page.getByRole("button", { name: "Let it in" }).click();
    await page.getByText("Go back to your terminal").waitFor();
    const { data } = (await ask("cli-logins/redeem", { secret: login.secret })).body;
    expect(data.key).toMatch(/^onv_sk_live_/);
  });

  it("gets nothing when it is refused", async () => {
    const { data: login } = (await ask("cli-logins", { client: "a stranger" })).body;
    await openAs(owner, login.approval_path ?? "");
    await page.getByRole("button", { name: "Refuse" }).click();
    await page.getByText("The command line got nothing.").waitFor();
    expect((await ask("cli-logins/redeem", { secret: login.secret })).status).toBe(403);
  });
});

it("a person sees where they are signed in and signs out there (issue: sessions list and revoke)", async () => {
  const elsewhere = (await ask("login", { email: owner.email, password: owner.password })).body.data;
  await signIn(page, owner);
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("menuitem", { name: "Where you are signed in" }).click();
  await page.getByText("this one").waitFor();
  const row = page.getByRole("row", { name: /node/ });
  await row.getByRole("button", { name: "Sign out there" }).first().click();
  await page.getByRole("button", { name: "Sign out now" }).click();
  await row.first().waitFor({ state: "detached" });
  expect((await ask("refresh", { refresh_token: elsewhere.refresh_token })).status).toBe(401);
});
