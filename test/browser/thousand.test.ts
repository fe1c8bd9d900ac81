/** An overview of a thousand deployments: every one can be reached, and only those on screen are drawn (QV-23, P6). */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { type DashboardSite, type Person, startDashboardSite } from "../support/dashboard-site.ts";
import { copyDeployment } from "../support/many-deployments.ts";
import { openSite, violationsOf, type WatchedPage } from "../support/watched-page.ts";

/** Rows a window of 900 pixels has place for, and those kept ready above and below. */
const ROWS_AT_MOST = 45;

let site: DashboardSite;
let browser: Browser;
let person: Person;
let watched: WatchedPage;
let page: Page;

beforeAll(async () => {
  browser = await launchBrowser();
  site = await startDashboardSite();
  person = await site.addPerson("Ada", "developer");
  const { id } = await site.server.deploy(site.ownerKey, { name: "Number" });
  await copyDeployment(site.server.store, id, 999);
  watched = await openSite(browser, site, { as: person });
  ({ page } = watched);
});
afterAll(async () => {
  await watched?.close();
  await browser?.close();
  await site?.close();
});

const rows = () => page.getByRole("table", { name: "Deployments" }).getByRole("row").count();

describe("a thousand deployments", () => {
  it("are reached by scrolling, with never more rows than fit the screen and its margins (QV-23)", async () => {
    await page.getByText("1000 deployments").or(page.getByText("100 of 1000 deployments")).first().waitFor();
    const drawn: number[] = [];
    const last = page.getByRole("link", { name: "Number 999", exact: true });
    while ((await last.count()) === 0) {
      await page.mouse.wheel(0, 3000);
      await page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
      drawn.push(await rows());
    }
    await page.getByText("1000 deployments", { exact: true }).waitFor();
    expect(Math.max(...drawn)).toBeLessThan(ROWS_AT_MOST);
    expect(await page.getByRole("table", { name: "Deployments" }).getAttribute("aria-rowcount")).toBe("1000");
    expect(await violationsOf(page)).toEqual([]);
    expect(watched.complaints).toEqual([]);
  });

  it("are found by name, also those not read yet (QV-23)", async () => {
    await page.goto(`${site.url}/deployments`);
    await page.getByLabel("Search").fill("number 987");
    await page.getByRole("link", { name: "Number 987", exact: true }).waitFor();
    expect(await rows()).toBe(2);
    expect(watched.complaints).toEqual([]);
  });
});
