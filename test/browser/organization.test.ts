/** What an organization decides in the browser: projects with roles of their own, who may do what, and who comes in (ON-25, QV-02). */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { type DashboardSite, type Person, startDashboardSite } from "../support/dashboard-site.ts";
import { openSite, signIn, type WatchedPage } from "../support/watched-page.ts";

let site: DashboardSite;
let browser: Browser;
let owner: Person;
let vera: Person;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  site = await startDashboardSite({ signUp: "open" });
  owner = await site.addPerson("Ada", "owner");
  vera = await site.addPerson("Vera", "viewer");
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});
const open = async (as?: Person, expected: readonly RegExp[] = []) => {
  watched = await openSite(browser, site, { ...(as && { as }), expected });
  ({ page } = watched);
};
afterEach(async () => {
  expect(watched.complaints).toEqual([]);
  await watched.close();
});

describe("projects", () => {
  beforeEach(() => open(owner));

  it("are made, renamed and deleted, and give people a role that is in force there (QV-06, QV-07)", async () => {
    await page.getByRole("link", { name: "Projects" }).click();
    await page.getByRole("row", { name: /Default/ }).waitFor();
    await page.getByRole("button", { name: "New project" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel(/^Name/).fill("Analytics");
    await dialog.getByRole("button", { name: "Create project" }).click();
    await page.getByRole("heading", { level: 1, name: "Analytics" }).waitFor();
    await page.getByText("Nobody has a role of their own here").waitFor();
    await page.getByLabel("Member").selectOption({ label: `Vera (${vera.email})` });
    await page.getByLabel("Role", { exact: true }).selectOption("developer");
    await page.getByRole("button", { name: "Give the role" }).click();
    const row = page.getByRole("row", { name: /Vera/ });
    await row.waitFor();
    expect(await row.getByRole("cell").allTextContents()).toEqual([
      ...["Vera", vera.email, "viewer", "developer", "developer"],
      "Take back",
    ]);
    const section = page.getByRole("region", { name: "Name and removal" });
    await section.getByLabel(/^Name/).fill("Numbers");
    await section.getByRole("button", { name: "Rename" }).click();
    await page.getByRole("heading", { level: 1, name: "Numbers" }).waitFor();
    await row.getByRole("button", { name: "Take back" }).click();
    await row.getByRole("button", { name: "Take the role back" }).click();
    await page.getByText("Nobody has a role of their own here").waitFor();
    await section.getByRole("button", { name: "Delete project" }).click();
    await section.getByRole("button", { name: "Delete it, with its roles" }).click();
    await page.getByRole("heading", { level: 1, name: "Projects" }).waitFor();
    await page.getByRole("row", { name: /Numbers/ }).waitFor({ state: "detached" });
  });

  it("with environments stay, and say so", async () => {
    await page.goto(`${site.url}/projects`);
    await page.getByRole("link", { name: "Default", exact: true }).click();
    await page.getByText("A project with environments stays.").waitFor();
    expect(await page.getByRole("button", { name: "Delete project" }).isDisabled()).toBe(true);
  });
});

describe("access", () => {
  it("is explained for a person, an action and a resource, by the keyboard alone (QV-02)", async () => {
    const { id } = await site.server.deploy(site.ownerKey, { name: "Asked about" });
    await open(owner);
    await page.goto(`${site.url}/members`);
    const form = page.getByRole("region", { name: "Access" });
    await form.getByLabel("Person").selectOption(vera.userId);
    await form
      .getByRole("combobox", { name: "Action" })
      .or(form.getByRole("textbox", { name: "Action" }))
      .first()
      .focus();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("deployments.destroy");
    await page.getByRole("option", { name: "deployments.destroy" }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await form.getByLabel("Resource").fill(id);
    await page.keyboard.press("Enter");
    const verdict = form.getByRole("status");
    await verdict.getByText("No", { exact: true }).waitFor();
    await verdict.getByText(/viewer in the organization is not enough: developer is needed/).waitFor();
    await form.getByLabel("Person").selectOption("me");
    await verdict.waitFor({ state: "detached" });
    await form.getByRole("button", { name: "Explain" }).click();
    await verdict.getByText("Yes", { exact: true }).waitFor();
  });

  it("leaves a viewer no button of a project but looking (QV-02)", async () => {
    await open(vera);
    await page.goto(`${site.url}/projects`);
    await page.getByRole("link", { name: "Default", exact: true }).click();
    await page.getByText("An admin can give more.").waitFor();
    for (const name of ["New project", "Give the role", "Rename", "Delete project"]) {
      expect([name, await page.getByRole("button", { name }).count()]).toEqual([name, 0]);
    }
  });
});

describe("sign-up", () => {
  it("makes an account with an organization, where the service lets strangers in, and says what is wrong (QV-02)", async () => {
    await open(undefined, [/status of 400/]);
    await page.getByRole("link", { name: "No account yet?" }).click();
    await page.getByLabel(/^Email/).fill("new@example.test");
    await page.getByLabel(/^Your name/).fill("Nora");
    await page.getByLabel("Organization").fill("Nora's numbers");
    await page.getByLabel(/^Password/).fill("password1234");
    await page.getByRole("button", { name: "Make the account" }).click();
    await page.getByRole("alert").getByText("No account was made").waitFor();
    await page.getByLabel(/^Password/).fill("a long phrase of hers");
    await page.getByRole("button", { name: "Make the account" }).click();
    await page.getByRole("heading", { level: 1, name: "Deployments" }).waitFor();
    await page.getByRole("button", { name: "Account of Nora" }).click();
    await page.getByRole("menuitem", { name: "Nora's numbers (owner)" }).waitFor();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await signIn(page, { email: "new@example.test", password: "a long phrase of hers", userId: "" });
  });
});

describe("DAGs", () => {
  it("are synced by a button, which is there where a repository is set (ON-16)", async () => {
    const dags = { url: "https://git.example.test/dags.git" };
    const { id } = await site.server.deploy(site.ownerKey, { name: "Jobs", app_type: "airflow", airflow: { dags } });
    const bare = await site.server.deploy(site.ownerKey, { name: "No DAGs", app_type: "airflow" });
    await open(owner);
    await page.goto(`${site.url}/deployments/${id}`);
    await page.getByRole("button", { name: "Sync DAGs" }).click();
    await page.getByText(/^DAG sync: /).waitFor();
    await page.goto(`${site.url}/deployments/${bare.id}`);
    await page.getByRole("button", { name: "Restart" }).waitFor();
    expect(await page.getByRole("button", { name: "Sync DAGs" }).count()).toBe(0);
  });
});
