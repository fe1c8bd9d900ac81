/** Every page as people meet it (ON-25, QV-23): nothing complains, nothing reaches outside, all can read it. */
import { statSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { type DashboardSite, type Person, startDashboardSite } from "../support/dashboard-site.ts";
import { type Story, tellStory } from "../support/dashboard-story.ts";
import { isTooWide, openSite, picture, violationsOf } from "../support/watched-page.ts";

const assets = fileURLToPath(new URL("../../dist/web/assets", import.meta.url));

let site: DashboardSite;
let browser: Browser;
let operator: Person;
let story: Story;

beforeAll(async () => {
  browser = await launchBrowser();
  site = await startDashboardSite();
  operator = await site.addPerson("Ada", "owner", { isOperator: true });
  story = await tellStory(site);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** Address, and a text that is there once the page has its data. */
const pages = (): [path: string, text: RegExp][] => [
  ["/deployments", /^4 deployments$/],
  ["/deployments?destroyed=true", /Old trial/],
  ["/deployments?q=nothing+like+it", /Nothing matches/],
  ["/deployments/new", /What you get/],
  [`/deployments/${story.ready.id}`, /Processes/],
  [`/deployments/${story.ready.id}?tab=logs`, /Booting worker/],
  [`/deployments/${story.ready.id}?tab=metrics`, /Requests and errors/],
  [`/deployments/${story.ready.id}?tab=resources`, /15 resources of one Pulumi stack/],
  [`/deployments/${story.ready.id}?tab=resources&shape=graph`, /An arrow leads from/],
  [`/deployments/${story.ready.id}?tab=settings`, /Environment variables/],
  [`/deployments/${story.ready.id}?tab=access`, /In the app/],
  [`/deployments/${story.ready.id}?tab=history`, /Deploy/],
  [`/deployments/${story.ready.id}?tab=removal`, /cannot be undone/],
  [`/deployments/${story.failed.id}`, /BOOTSTRAP_FAILED/],
  [`/deployments/${story.destroyed.id}?tab=receipt`, /1 absent/],
  ["/operations", /Warehouse/],
  [`/operations/${story.running.operationId}`, /Provisioning database/],
  [`/operations/${story.failed.operationId}`, /Correct the name of the package/],
  [`/operations/${story.planId}`, /memoryMegabytes/],
  ["/environments", /default/],
  ["/clusters", /Test machine/],
  ["/projects", /Default/],
  [`/projects/${story.projectId}`, /Nobody has a role/],
  ["/members", /grace@example\.test/],
  ["/api-keys", /active/],
  ["/service-accounts", /No service accounts/],
  ["/sessions", /this one/],
  ["/webhooks", /hooks\.example\.test/],
  [`/webhooks/${story.webhookId}`, /webhook\.test/],
  ["/single-sign-on", /redirect address/],
  ["/audit", /deployment\.create/],
  ["/workers", /Workers/],
  ["/no/such/page", /no such page/],
];

const entrances: [path: string, text: RegExp][] = [
  ["/", /^Sign in$/],
  ["/sso", /By your organization's own identity provider/],
  ["/join#nothing", /You are invited/],
  ["/sign-up", /Nobody makes an account here on their own/],
];

/** What docs/dashboard.md shows. */
const pictures = () =>
  new Map([
    ["/deployments", "overview"],
    [`/operations/${story.running.operationId}`, "operation"],
    [`/deployments/${story.ready.id}`, "deployment"],
    [`/deployments/${story.ready.id}?tab=resources&shape=graph`, "resources"],
    ["/deployments/new", "create"],
  ]);

describe.each([
  ["light", 1280],
  ["dark", 1280],
  ["light", 360],
] as const)("the pages in %s at %i pixels", (scheme, width) => {
  it("can be read by everybody, fit the window, and complain of nothing", { timeout: 400_000 }, async () => {
    const { page, complaints, close } = await openSite(browser, site, { scheme, width, as: operator });
    const found: Record<string, unknown> = {};
    for (const [path, text] of pages()) {
      await page.goto(site.url + path);
      await page.getByRole("main").getByText(text).first().waitFor();
      const against = [...(await violationsOf(page)), ...((await isTooWide(page)) ? ["wider than the window"] : [])];
      if (against.length > 0) found[path] = against;
      const name = pictures().get(path);
      if (name !== undefined && scheme === "light" && width > 360) await picture(page, name);
    }
    expect(found).toEqual({});
    expect(complaints).toEqual([]);
    await close();
  });

  it("the pages of whoever is not signed in too", async () => {
    const { page, complaints, close } = await openSite(browser, site, { scheme, width });
    for (const [path, text] of entrances) {
      await page.goto(site.url + path);
      await page.getByText(text).first().waitFor();
      expect([path, await violationsOf(page), await isTooWide(page)]).toEqual([path, [], false]);
    }
    expect(complaints).toEqual([]);
    await close();
  });
});

it("the first page costs at most 200 kB of JavaScript, packed as every browser takes it (QV-23)", async () => {
  const { page, close } = await openSite(browser, site, { as: operator });
  await page.getByRole("link", { name: "Sales numbers" }).waitFor();
  const loaded = await page.evaluate<string[]>(
    `performance.getEntriesByType("resource").map(({ name }) => name).filter((name) => name.endsWith(".js"))`,
  );
  const bytes = loaded.map((address) => statSync(join(assets, `${basename(address)}.gz`)).size);
  const kilobytes = bytes.reduce((sum, size) => sum + size, 0) / 1000;
  expect(kilobytes).toBeGreaterThan(50);
  expect(kilobytes).toBeLessThan(200);
  await close();
});
