/** A real Superset through its whole life in the browser: the real launcher, server, worker and app (ON-25, ON-47, NH-01, NH-08). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type Page, selectors } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";
import { accessTo } from "../support/installation-access.ts";
import { startTcpProxy, type TcpProxy } from "../support/tcp-proxy.ts";
import { CUT_LINE, openSite, type WatchedPage } from "../support/watched-page.ts";

const NAME = "Sales numbers";
/** A busy machine takes its time; a quiet one a tenth of it. */
const PATIENCE = { timeout: 150_000 };

let installation: Installation;
let browser: Browser;
/** Between browser and server, to be cut. */
let line: TcpProxy;
let watched: WatchedPage;
let page: Page;
/** The deployment's own page. */
let home = "";

beforeAll(async () => {
  selectors.setTestIdAttribute("data-test");
  browser = await launchBrowser();
  installation = makeInstallation();
  const started = await installation.onvera(["start", "--background"]);
  expect(started.code, started.stderr).toBe(0);
  const admin = JSON.parse(readFileSync(join(installation.folder, "home", "secrets", "first-admin.json"), "utf8"));
  const { apiPort } = accessTo(installation).settings;
  const server = `http://127.0.0.1:${apiPort}/`;
  line = await startTcpProxy(apiPort);
  watched = await openSite(
    browser,
    { url: `http://127.0.0.1:${line.port}` },
    {
      as: admin,
      expected: [CUT_LINE],
      // A sign-in into the app goes over the provider's own address, which is the server's without the line between.
      isApp: (address) => address.startsWith(server) || /^https?:\/\/[\w-]+\.localhost[:/]/.test(address),
    },
  );
  ({ page } = watched);
}, 600_000);
afterAll(async () => {
  await watched?.close();
  await browser?.close();
  await line?.close();
  await installation?.remove();
});

const badge = (text: string) => page.getByRole("main").getByText(text, { exact: true }).first();
const button = (name: string) => page.getByRole("button", { name, exact: true });

describe("a real Superset in the dashboard", () => {
  it("is created and watched until it is ready, through a reload and a network that breaks (ON-14, ON-40, NH-08)", async () => {
    await page.getByText("No deployments yet").waitFor();
    await page.getByRole("link", { name: "Create the first one" }).click();
    await page.getByLabel(/^Name/).fill(NAME);
    await button("Create deployment").click();
    await page.getByRole("heading", { level: 1, name: "Deploy" }).waitFor();
    await badge("running").waitFor(PATIENCE);
    await page.reload();
    await page.getByRole("log").locator("[data-seq]").first().waitFor();
    line.cut();
    await page.locator('[data-live="broken"]').waitFor();
    line.mend();
    await page.locator('[data-live="open"]').waitFor();
    await badge("succeeded").waitFor(PATIENCE);
    const seen = await page.evaluate<number[]>(
      `[...document.querySelectorAll("[data-seq]")].map((line) => Number(line.dataset.seq))`,
    );
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index + 1));
    for (const phase of ["Initializing", "Provisioning database", "Bootstrapping application", "Ready"]) {
      expect([phase, await page.getByRole("list", { name: "Phases" }).getByText(phase).count()]).toEqual([phase, 1]);
    }
    await page.getByRole("link", { name: NAME }).click();
    await page.getByRole("heading", { level: 1, name: NAME }).waitFor();
    home = page.url();
  });

  it("is opened in the same browser, signed in, and lets its administrator in by the form too (ON-42, ON-43)", async () => {
    await button("Show the administrator's password").click();
    await button("Copy the password").waitFor();
    const [user = "", password = ""] = await page
      .getByRole("definition")
      .filter({ has: page.getByRole("button", { name: /^Copy the (user name|password)$/ }) })
      .locator("code")
      .allTextContents();
    const [app] = await Promise.all([
      watched.context.waitForEvent("page"),
      page.getByRole("link", { name: "Open Superset" }).click(),
    ]);
    await app.waitForURL(/\/superset\/welcome/, PATIENCE);
    await app.goto(`${new URL(app.url()).origin}/logout/`);
    await app.getByTestId("username-input").fill(user, PATIENCE);
    await app.getByTestId("password-input").fill(password);
    await app.getByTestId("login-button").click();
    await app.waitForURL(/\/superset\/welcome/, PATIENCE);
    await app.close();
  });

  it("shows its resources as they hang together, and its log (QV-24)", async () => {
    await page.getByRole("tab", { name: "Resources" }).click();
    await page.getByRole("radio", { name: "Tree" }).focus();
    await page.keyboard.press("ArrowRight");
    const nodes = page.locator("svg [role=button]");
    await nodes.first().waitFor();
    expect(await nodes.count()).toBeGreaterThan(5);
    expect(await page.locator("svg path[marker-end]").count()).toBeGreaterThan(3);
    await page.getByRole("tab", { name: "Logs" }).click();
    await page.getByRole("log", { name: "Log of the app" }).getByText(/web/).first().waitFor();
  });

  it("is stopped, started and scaled (ON-24)", async () => {
    await page.goto(home);
    await button("Stop").click();
    await badge("stopped").waitFor(PATIENCE);
    await button("Start").click(PATIENCE);
    await badge("healthy").waitFor(PATIENCE);
    await page.getByRole("textbox", { name: "Copies of web" }).fill("2", PATIENCE);
    await button("Scale").click();
    await page.getByRole("cell", { name: "web #1" }).waitFor(PATIENCE);
    await page.getByText(/^Scale: /).waitFor({ state: "detached", ...PATIENCE });
  });

  it("is planned, destroyed when its name was typed, and leaves a receipt (ON-47, NH-01)", async () => {
    await page.getByRole("tab", { name: "Settings" }).click();
    await page
      .getByRole("textbox", { name: "Size" })
      .or(page.getByRole("combobox", { name: "Size" }))
      .first()
      .click();
    await page.getByRole("option", { name: "medium" }).click();
    await button("Plan only").click();
    await page.getByRole("heading", { level: 1, name: "Plan" }).waitFor();
    await page.getByText(/resources? would change/).waitFor(PATIENCE);
    await page.goto(`${home.replace(/\?.*/, "")}?tab=removal`);
    await page.getByLabel("Name, to destroy").fill(NAME);
    await button("Destroy").click();
    await page.getByRole("heading", { level: 1, name: "Destroy" }).waitFor();
    await badge("succeeded").waitFor(PATIENCE);
    await page.getByRole("link", { name: NAME }).click();
    await page.getByRole("tab", { name: "Receipt" }).click();
    await page.getByRole("cell", { name: "absent" }).first().waitFor();
    expect(await page.getByRole("cell", { name: "present" }).count()).toBe(0);
  });

  it("complained of nothing, and asked nobody outside (QV-23)", () => {
    expect(watched.complaints).toEqual([]);
  });
});
