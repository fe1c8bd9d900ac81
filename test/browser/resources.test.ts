/** A deployment's resources as a tree and as a graph, current while an operation works on them (ON-25). */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { type DashboardSite, type Person, startDashboardSite } from "../support/dashboard-site.ts";
import { recordStack } from "../support/story-resources.ts";
import { openSite, type WatchedPage } from "../support/watched-page.ts";
import { append, begin, finish } from "../support/worker-hand.ts";

let site: DashboardSite;
let browser: Browser;
let person: Person;
let watched: WatchedPage;
let page: Page;
let id: string;

beforeAll(async () => {
  browser = await launchBrowser();
  site = await startDashboardSite();
  person = await site.addPerson("Ada", "developer");
  ({ id } = await site.server.deploy(site.ownerKey, { name: "Sales numbers" }));
  await recordStack(site.server.store, id, site.organizationId);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});
beforeEach(async () => {
  watched = await openSite(browser, site, { as: person });
  ({ page } = watched);
  await page.goto(`${site.url}/deployments/${id}?tab=resources`);
});
afterEach(async () => {
  expect(watched.complaints).toEqual([]);
  await watched.close();
});

const node = (name: RegExp) => page.getByRole("button", { name });

describe("the resources of a deployment", () => {
  it("stand as a tree that says in words what the graph draws (ON-25)", async () => {
    const row = page.getByRole("row", { name: /└ web/ });
    await row.waitFor();
    expect((await row.getByRole("cell").allTextContents()).slice(3)).toEqual([
      ...["in place", "Provisioning database"],
      "migration, config, session-key, admin-password",
    ]);
  });

  it("stand as a graph that the keyboard walks, each with its name and state; the choice is in the address", async () => {
    await page.getByRole("radio", { name: "Tree" }).focus();
    await page.keyboard.press("ArrowRight");
    await page.waitForURL(/shape=graph/);
    const web = node(/^web, Process of compute: in place$/);
    await web.waitFor();
    expect(await page.locator("svg [role=button]").count()).toBe(11);
    await web.focus();
    await page.keyboard.press("Enter");
    const about = page.getByRole("status", { name: "About web" });
    await about.getByText("migration, config, session-key, admin-password").waitFor();
    await about.getByText("route", { exact: true }).waitFor();
    expect(await web.getAttribute("aria-pressed")).toBe("true");
    await page.reload();
    await web.waitFor();
  });

  it("show what an operation does to them, as it does it (ON-19)", async () => {
    await page.goto(`${site.url}/deployments/${id}?tab=resources&shape=graph`);
    await node(/^web, .*: in place$/).waitFor();
    const { body } = await site.server.call("POST", `/api/v1/deployments/${id}/restart`, { key: site.ownerKey });
    const operationId = body.data.operation_id as string;
    await begin(site.server.store, operationId);
    const urn = `urn:pulumi:${id}::onvera::onvera:local:Process::web`;
    const step = (state: string) => ({
      type: "resource" as const,
      data: { urn, name: "web", type: "onvera:local:Process", action: "update", state },
    });
    await append(site.server.store, operationId, [step("started")]);
    await node(/^web, .*: being updated$/).waitFor();
    await append(site.server.store, operationId, [step("failed")]);
    await node(/^web, .*: update failed$/).waitFor();
    await finish(site.server.store, operationId);
    await node(/^web, .*: in place$/).waitFor();
  });
});
