/** What stays true when the network breaks, tabs multiply, a role forbids, or there is no mouse (NH-08, ON-17, QV-02). */
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { type DashboardSite, type Person, startDashboardSite } from "../support/dashboard-site.ts";
import { startTcpProxy } from "../support/tcp-proxy.ts";
import { CUT_LINE, openSite } from "../support/watched-page.ts";
import { append, begin, finish } from "../support/worker-hand.ts";

let site: DashboardSite;
let browser: Browser;
let owner: Person;

beforeAll(async () => {
  browser = await launchBrowser();
  site = await startDashboardSite();
  owner = await site.addPerson("Ada", "owner");
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const line = (n: number) => [{ type: "log" as const, data: { process: "web", text: `line ${n}.` } }];

describe("live", () => {
  it("an operation's log has no gap and no double after the network broke and after a reload (NH-08)", async () => {
    const { operationId } = await site.server.deploy(site.ownerKey, { name: "Cut" }, { ready: false });
    await begin(site.server.store, operationId);
    // The browser's own offline switch leaves a stream that stands alone.
    const cable = await startTcpProxy(Number(new URL(site.url).port));
    const url = `http://127.0.0.1:${cable.port}`;
    const { page, complaints, close } = await openSite(browser, { url }, { as: owner, expected: [CUT_LINE] });
    await page.goto(`${url}/operations/${operationId}`);
    const log = page.getByRole("log");
    await append(site.server.store, operationId, line(1));
    await log.getByText("line 1.").waitFor();
    cable.cut();
    await page.locator('[data-live="broken"]').waitFor();
    await append(site.server.store, operationId, line(2));
    cable.mend();
    await append(site.server.store, operationId, line(3));
    await log.getByText("line 3.").waitFor();
    const numbers = async () => [...((await log.textContent()) ?? "").matchAll(/line (\d)\./g)].map(([, n]) => n);
    expect(await numbers()).toEqual(["1", "2", "3"]);
    await page.reload();
    await log.getByText("line 3.").waitFor();
    expect(await numbers()).toEqual(["1", "2", "3"]);
    await finish(site.server.store, operationId);
    await page.getByText("succeeded", { exact: true }).first().waitFor();
    expect(complaints).toEqual([]);
    await close();
    await cable.close();
  });

  it("two tabs share a session: both live, both signed out when one is (ON-17)", async () => {
    const { page, another, complaints, close } = await openSite(browser, site, { as: owner });
    const second = await another();
    await second.goto(`${site.url}/deployments`);
    await second.getByRole("link", { name: "Cut" }).waitFor();
    const { operationId } = await site.server.deploy(site.ownerKey, { name: "Seen twice" }, { ready: false });
    for (const tab of [page, second]) await tab.getByRole("link", { name: "Seen twice" }).waitFor();
    await finish(site.server.store, operationId);
    await page.getByRole("button", { name: "Account of Ada" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    for (const tab of [page, second]) await tab.getByRole("button", { name: "Sign in" }).waitFor();
    await second.reload();
    await second.getByRole("button", { name: "Sign in" }).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  it("a viewer is offered nothing a viewer may not do (QV-02)", async () => {
    const { id } = await site.server.deploy(site.ownerKey, { name: "Looked at" });
    const viewer = await site.addPerson("Vera", "viewer");
    const { page, complaints, close } = await openSite(browser, site, { as: viewer });
    expect(await page.getByRole("link", { name: "New deployment" }).count()).toBe(0);
    expect(await page.getByRole("link", { name: "Audit log" }).count()).toBe(0);
    await page.goto(`${site.url}/deployments/${id}`);
    await page.getByRole("tab", { name: "Overview" }).waitFor();
    await page.getByText("Front door").waitFor();
    for (const name of ["Stop", "Restart", "Show the administrator's password"]) {
      expect([name, await page.getByRole("button", { name }).count()]).toEqual([name, 0]);
    }
    for (const name of ["Logs", "Removal"]) {
      expect([name, await page.getByRole("tab", { name }).count()]).toEqual([name, 0]);
    }
    expect(complaints).toEqual([]);
    await close();
  });

  it("a wrong password is told, and a deployment is made without a mouse", async () => {
    const { page, close } = await openSite(browser, site);
    const { keyboard } = page;
    await page.getByLabel("Email").waitFor();
    await keyboard.type(owner.email);
    await keyboard.press("Tab");
    await keyboard.type("wrong");
    await keyboard.press("Enter");
    await page
      .getByRole("alert")
      .getByText(/password/i)
      .waitFor();
    await page.getByLabel(/^Password/).focus();
    await keyboard.press("Control+A");
    await keyboard.type(owner.password);
    await keyboard.press("Enter");
    const create = page.getByRole("link", { name: "New deployment" });
    await create.waitFor();
    await pressUntil(create);
    await keyboard.press("Enter");
    const name = page.getByLabel(/^Name/);
    await name.waitFor();
    await pressUntil(name);
    await keyboard.type("By keyboard");
    await keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Deploy" }).waitFor();
    await page.getByRole("link", { name: "By keyboard" }).waitFor();
    await close();

    async function pressUntil(wanted: Locator): Promise<void> {
      const focused = wanted.and(page.locator(":focus"));
      for (let presses = 0; presses < 60 && (await focused.count()) === 0; presses++) await keyboard.press("Tab");
      expect(await focused.count()).toBe(1);
    }
  });

  it("an invited person comes in by the link, and is a member as what they were asked to be (QV-02)", async () => {
    const inviter = await openSite(browser, site, { as: owner });
    await inviter.page.goto(`${site.url}/members`);
    await inviter.page.getByRole("button", { name: "Invite" }).click();
    const dialog = inviter.page.getByRole("dialog");
    await dialog.getByLabel(/^Email/).fill("grace@example.test");
    await dialog.getByLabel("Role").selectOption("viewer");
    await dialog.getByRole("button", { name: "Invite" }).click();
    const link = (await dialog.locator("code").textContent()) ?? "";
    const { page, complaints, close } = await openSite(browser, site);
    await page.goto(link);
    await page.getByLabel("Your name").fill("Grace");
    await page.getByLabel(/^Password/).fill("a password of Grace's own");
    await page.getByRole("button", { name: "Join" }).click();
    await page.getByRole("button", { name: "Account of Grace" }).waitFor();
    expect(complaints).toEqual([]);
    await close();
    await inviter.page.reload();
    await inviter.page.getByRole("row", { name: /Grace/ }).getByText("grace@example.test").waitFor();
    await inviter.page.getByLabel("Role of Grace").selectOption("developer");
    const grace = inviter.page.getByRole("row", { name: /Grace/ });
    await grace.getByRole("button", { name: "Remove" }).click();
    await grace.getByRole("button", { name: "Remove, with their keys" }).click();
    await grace.getByText("grace@example.test").waitFor({ state: "detached" });
    expect(inviter.complaints).toEqual([]);
    await inviter.close();
  });
});
