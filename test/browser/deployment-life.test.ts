/** A deployment from its first click to its receipt, in the browser (ON-25, ON-47, NH-01, NH-08). */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { type DashboardSite, type Person, startDashboardSite } from "../support/dashboard-site.ts";
import { receiptOf } from "../support/dashboard-story.ts";
import { openSite, type WatchedPage } from "../support/watched-page.ts";
import { append, begin, finish, progress } from "../support/worker-hand.ts";

let site: DashboardSite;
let browser: Browser;
let person: Person;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  site = await startDashboardSite();
  person = await site.addPerson("Ada", "developer");
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});
beforeEach(async () => {
  watched = await openSite(browser, site, { as: person });
  ({ page } = watched);
});
afterEach(async () => {
  expect(watched.complaints).toEqual([]);
  await watched.close();
});

const newest = async (type: string) => {
  const { body } = await site.server.call("GET", `/api/v1/operations?type=${type}&per_page=1`, { key: site.ownerKey });
  return body.data.items[0] as { id: string; resource_id: string; requested_by: { name: string }; origin: string };
};
const status = (text: string) => page.getByRole("main").getByText(text, { exact: true }).first();

describe("a deployment in the dashboard", () => {
  it("is created from the form, followed live, and opened when it is ready (ON-14, ON-40)", async () => {
    await page
      .getByRole("link", { name: "New deployment" })
      .or(page.getByRole("link", { name: "Create" }))
      .first()
      .click();
    await page.getByRole("button", { name: "Create deployment" }).click();
    await page.getByText("Give it a name.").waitFor();
    await page.getByLabel(/^Name/).fill("Sales numbers");
    await page.getByText("onvera deploy superset --name 'Sales numbers'").waitFor();
    await page.getByRole("button", { name: "Create deployment" }).click();
    await page.getByRole("heading", { level: 1, name: "Deploy" }).waitFor();
    await status("queued").waitFor();
    const operation = await newest("deployment.create");
    expect(operation).toMatchObject({ requested_by: { name: "Ada" }, origin: "web" });
    await begin(site.server.store, operation.id);
    await progress(site.server.store, operation.id, "provisioning_db", "Provisioning database");
    await status("running").waitFor();
    await append(site.server.store, operation.id, [
      { type: "resource", data: { urn: "u1", name: "tenant-db", type: "t:Db", action: "create", state: "running" } },
    ]);
    await page.getByRole("cell", { name: "create running" }).waitFor();
    await append(site.server.store, operation.id, [
      { type: "resource", data: { urn: "u1", name: "tenant-db", type: "t:Db", action: "create", state: "done" } },
    ]);
    await page.getByRole("cell", { name: "create done" }).waitFor();
    await finish(site.server.store, operation.id);
    await status("succeeded").waitFor();
    await page.getByRole("link", { name: "Sales numbers" }).click();
    await page.getByRole("link", { name: "Open Superset" }).waitFor();
  });

  it("shows its log as it is written, and only what is searched for (QV-24)", async () => {
    await openDeployment();
    await page.getByRole("tab", { name: "Logs" }).click();
    const { resource_id: id } = await newest("deployment.create");
    await expect.poll(() => site.runtime.followers()).toBeGreaterThan(0);
    site.runtime.write(id, "web", "the first line");
    site.runtime.write(id, "web", "something else");
    const log = page.getByRole("log", { name: "Log of the app" });
    await log.getByText("the first line").waitFor();
    await page.getByLabel("Search").fill("something");
    await log.getByText("something else").waitFor();
    expect(await log.getByText("the first line").count()).toBe(0);
  });

  it("is planned before it is changed, and scaled where it runs (ON-24)", async () => {
    await openDeployment();
    await page.getByRole("tab", { name: "Settings" }).click();
    await page
      .getByRole("textbox", { name: "Size" })
      .or(page.getByRole("combobox", { name: "Size" }))
      .first()
      .click();
    await page.getByRole("option", { name: "medium" }).click();
    await page.getByRole("button", { name: "Plan only" }).click();
    await page.getByRole("heading", { level: 1, name: "Plan" }).waitFor();
    const plan = await newest("deployment.plan");
    const change = { op: "update", urn: "u", type: "t:Web", name: "web", replace_keys: [], stateful: false };
    await finish(site.server.store, plan.id, {
      result: { changes: [{ ...change, diff_keys: ["memory"] }], data_loss: [] },
    });
    await page.getByText("1 resource would change, 0 would not.").waitFor();
    await openDeployment();
    await page.getByRole("textbox", { name: "Copies of web" }).fill("2");
    await page.getByRole("button", { name: "Scale", exact: true }).click();
    await page.getByText(/^Scale: /).waitFor();
    await finish(site.server.store, (await newest("deployment.scale")).id);
    await page.getByText(/^Scale: /).waitFor({ state: "detached" });
  });

  it("goes only when its name was typed, and leaves a receipt (ON-47, NH-01)", async () => {
    await openDeployment();
    await page.getByRole("tab", { name: "Removal" }).click();
    await page.getByText("This cannot be undone").waitFor();
    const destroy = page.getByRole("button", { name: "Destroy", exact: true });
    expect(await destroy.isDisabled()).toBe(true);
    await page.getByLabel("Name, to destroy").fill("Sales number");
    expect(await destroy.isDisabled()).toBe(true);
    await page.getByLabel("Name, to destroy").fill("Sales numbers");
    await destroy.click();
    await page.getByRole("heading", { level: 1, name: "Destroy" }).waitFor();
    const operation = await newest("deployment.destroy");
    await finish(site.server.store, operation.id, { receipt: receiptOf(operation.resource_id) });
    await status("succeeded").waitFor();
    await page.getByRole("link", { name: "Sales numbers" }).click();
    await page.getByRole("tab", { name: "Receipt" }).click();
    await page.getByRole("cell", { name: "absent" }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download" }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`${operation.resource_id}-receipt.json`);
    await page.goto(`${site.url}/deployments`);
    await page.getByText("No deployments yet").waitFor();
  });
});

async function openDeployment(): Promise<void> {
  await page.getByRole("navigation").getByRole("link", { name: "Deployments" }).click();
  await page.getByRole("link", { name: "Sales numbers" }).click();
  await page.getByRole("heading", { level: 1, name: "Sales numbers" }).waitFor();
}
