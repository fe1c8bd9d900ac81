/** The page everybody meets first (ON-17): all can read it, it fits the window, and it reaches nobody else. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { type DashboardSite, startDashboardSite } from "../support/dashboard-site.ts";
import { isTooWide, openSite, violationsOf } from "../support/watched-page.ts";

let site: DashboardSite;
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
  site = await startDashboardSite();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

describe.each([
  ["light", 1280],
  ["dark", 1280],
] as const)("the sign-in page in %s at %i pixels", (scheme, width) => {
  it("has nothing against it", async () => {
    const { page, complaints, close } = await openSite(browser, site, { scheme, width });
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    expect(await isTooWide(page)).toBe(false);
    expect(complaints).toEqual([]);
    await close();
  });
});
