/** A page of the dashboard whose complaints are written down: what a person would not see counts too. */
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Browser, BrowserContext, Page } from "playwright-core";
import type { DashboardSite, Person } from "./dashboard-site.ts";

export interface WatchedPage {
  page: Page;
  context: BrowserContext;
  /** Errors in the console, uncaught ones, and requests to anywhere but the site. */
  complaints: string[];
  /** A second tab of the same browser. */
  another(): Promise<Page>;
  close(): Promise<void>;
}

export interface PageOptions {
  scheme?: "light" | "dark";
  width?: number;
  /** Signs this person in. */
  as?: Person;
  /** Console errors that the test provokes. */
  expected?: readonly RegExp[];
  /** Whether an address is one of an app's own: its pages may say in the console what they like, but ask nobody else. */
  isApp?(address: string): boolean;
}

/** The browser reports an answer of 401 as an error: it is how a page learns that nobody is signed in. */
const ORDINARY = [/status of 401/];

/** What a browser says of requests whose line was cut. */
export const CUT_LINE =
  /net::ERR_(?:EMPTY_RESPONSE|CONNECTION_|INCOMPLETE_CHUNKED|NETWORK_CHANGED|SOCKET_NOT_CONNECTED)/;

/** Opens the site in a browser of its own: no cookies, no storage. */
export async function openSite(
  browser: Browser,
  site: Pick<DashboardSite, "url">,
  options: PageOptions = {},
): Promise<WatchedPage> {
  const { scheme = "light", width = 1280, as, expected = [], isApp = () => false } = options;
  const context = await browser.newContext({
    colorScheme: scheme,
    viewport: { width, height: 900 },
    reducedMotion: "reduce",
    acceptDownloads: true,
  });
  context.setDefaultTimeout(20_000);
  const complaints: string[] = [];
  const accepted = [...ORDINARY, ...expected];
  const complain = (text: string) => {
    if (!accepted.some((pattern) => pattern.test(text))) complaints.push(text);
  };
  context.on("console", (message) => {
    if (isApp(message.location().url) || isApp(message.page()?.url() ?? "")) return;
    if (message.type() === "error" || message.type() === "warning") complain(`${message.type()}: ${message.text()}`);
  });
  context.on("weberror", (error) => complain(`uncaught: ${error.error().message}`));
  context.on("request", (request) => {
    const address = request.url();
    if (!address.startsWith(site.url) && !isApp(address) && !/^(?:data|blob):/.test(address)) {
      complain(`outside: ${address}`);
    }
  });
  // What an app's own policy forbids its pages to ask, as Superset's does its maker's counting picture, was never sent.
  context.on("requestfailed", (request) => {
    if (request.failure()?.errorText !== "csp" || !isApp(request.frame().url())) return;
    const at = complaints.indexOf(`outside: ${request.url()}`);
    if (at >= 0) complaints.splice(at, 1);
  });
  const page = await context.newPage();
  await page.goto(site.url);
  if (as) await signIn(page, as);
  return { page, context, complaints, another: () => context.newPage(), close: () => context.close() };
}

/** Fills the sign-in form and waits for the overview, live. */
export async function signIn(page: Page, { email, password }: Person): Promise<void> {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel(/^Password/).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { level: 1, name: "Deployments" }).waitFor();
}

/** What axe has against the page as it stands: `impact rule: the first element`. */
export async function violationsOf(page: Page): Promise<string[]> {
  // Without legacy mode every look opens a tab of its own; the pages have no frames that would need it.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode()
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"])
    .analyze();
  return violations.map(({ impact, id, nodes }) => `${impact} ${id}: ${nodes[0]?.html.slice(0, 200)}`);
}

/** Whether the page is wider than the window, so that it must be pushed sideways to be read. */
export const isTooWide = (page: Page): Promise<boolean> =>
  page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth");

/** Keeps a picture of the page in the folder named by ONVERA_PICTURES; without it, none. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.ONVERA_PICTURES;
  if (folder === undefined) return;
  await page.screenshot({ path: join(folder, `${name.replace(/[^\w-]+/g, "_")}.png`), animations: "disabled" });
}
