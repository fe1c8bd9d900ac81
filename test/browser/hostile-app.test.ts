/** An app that turned against its members: what its pages, under the apps' domain, can do to who is signed in to the dashboard beside it. Nothing (R7). */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../support/chromium.ts";
import { type DashboardSite, type Person, startDashboardSite } from "../support/dashboard-site.ts";
import { openSite } from "../support/watched-page.ts";

const COOKIE = "onvera_session";

let site: DashboardSite;
let browser: Browser;
let context: BrowserContext;
let dashboard: Page;
let evil: Page;
let app: Server;
let evilUrl: string;
/** What became of requests of the hostile page; `withheld` where the browser keeps the answer from it. */
const answers: { url: string; status: number | "withheld" }[] = [];

beforeAll(async () => {
  browser = await launchBrowser();
  site = await startDashboardSite();
  const owner: Person = await site.addPerson("Ada", "owner");
  ({ context, page: dashboard } = await openSite(browser, site, { as: owner, expected: [/./] }));
  app = createServer((_, answer) => {
    const tossed = [`${COOKIE}=tossed; Domain=localhost; Path=/`, `${COOKIE}=tossed; Domain=127.0.0.1; Path=/`];
    answer.setHeader("Set-Cookie", [...tossed, `__Host-${COOKIE}=tossed; Path=/; Domain=localhost; Secure`]);
    answer.setHeader("Content-Type", "text/html");
    answer.end("<!doctype html><title>App</title><h1>App</h1>");
  });
  await new Promise<void>((resolve) => app.listen(0, "127.0.0.1", resolve));
  evilUrl = `http://evil-abc123.localhost:${(app.address() as AddressInfo).port}`;
  evil = await context.newPage();
  evil.on("response", (answer) => answers.push({ url: answer.url(), status: answer.status() }));
  evil.on("requestfailed", (request) => answers.push({ url: request.url(), status: "withheld" }));
  await evil.goto(evilUrl);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await new Promise((resolve) => app.close(resolve));
});

/** Runs in the hostile page. */
const run = <T>(script: string): Promise<T> => evil.evaluate<T>(`(async () => { ${script} })()`);

const isStillSignedIn = async () => {
  await dashboard.reload();
  await dashboard.getByRole("heading", { level: 1, name: "Deployments" }).waitFor();
};

describe("a hostile app", () => {
  it("cannot put a cookie of its own in the place of the dashboard's", async () => {
    const before = (await context.cookies(site.url)).filter(({ name }) => name.includes(COOKIE));
    expect(before).toMatchObject([{ name: COOKIE, httpOnly: true, sameSite: "Strict" }]);
    await run(`for (const domain of ["localhost", "127.0.0.1", ".localhost"])
      document.cookie = "${COOKIE}=tossed; path=/; domain=" + domain;`);
    const after = (await context.cookies(site.url)).filter(({ name }) => name.includes(COOKIE));
    expect(after.map(({ value }) => value)).not.toContain("tossed");
    expect(after).toHaveLength(1);
    const { port } = new URL(site.url);
    expect(await context.cookies(`http://localhost:${port}`)).toEqual([]);
    expect(await run<string>("return document.cookie")).not.toContain(before[0]?.value);
    await isStillSignedIn();
  });

  it("cannot send anything in the member's name, by form or by script", async () => {
    const owned = async () => (await site.server.call("GET", "/api/v1/deployments", { key: site.ownerKey })).body.data;
    const before = (await owned()).items.length;
    answers.length = 0;
    const paths = ["deployments", "auth/refresh", "auth/logout", "api-keys", "auth/app-logins/x/complete"];
    for (const path of paths) {
      await run(`await fetch("${site.url}/api/v1/${path}", { method: "POST", mode: "no-cors", credentials: "include",
        headers: { "content-type": "text/plain" }, body: '{"app_type":"superset","name":"k"}' }).catch(() => undefined)`);
      const sent = evil.waitForResponse(
        (answer) => answer.url().endsWith(path) && answer.request().method() === "POST",
      );
      await evil.setContent(
        `<form method="post" enctype="text/plain" action="${site.url}/api/v1/${path}">
         <input name='{"app_type":"superset","x":"' value='"}'></form><script>document.forms[0].submit()</script>`,
      );
      await sent;
      await evil.goto(evilUrl);
    }
    const asked = answers.filter(({ url }) => url.startsWith(site.url));
    expect(asked.length).toBeGreaterThanOrEqual(2 * paths.length);
    expect(asked.filter(({ status }) => status !== "withheld" && status < 400)).toEqual([]);
    expect((await owned()).items).toHaveLength(before);
    await isStillSignedIn();
  });

  it("cannot frame the dashboard, the page of sign-ins or the provider", async () => {
    for (const path of ["/", "/deployments", "/app-login/x", "/oidc/auth"]) {
      await evil.setContent(`<iframe src="${site.url}${path}"></iframe>`);
      await expect.poll(() => evil.frames()[1]?.url()).toMatch(/^chrome-error:/);
    }
    await evil.goto(evilUrl);
  });

  it("cannot read the live stream, or any answer of the API", async () => {
    for (const path of ["activity", "whoami", "deployments", "auth/refresh"]) {
      const address = `${site.url}/api/v1/${path}`;
      expect([
        path,
        await run(`return fetch("${address}", { credentials: "include" }).then(() => "read", () => "refused")`),
      ]).toEqual([path, "refused"]);
    }
    const streamed = await run(`return new Promise((resolve) => {
      const stream = new EventSource("${site.url}/api/v1/activity", { withCredentials: true });
      stream.onmessage = stream.onopen = () => resolve("read");
      stream.onerror = () => resolve("refused");
    })`);
    expect(streamed).toBe("refused");
    // A window it opens is another origin's: neither its page nor its storage can be looked into.
    const popup = await run(`const opened = window.open("${site.url}/deployments");
      await new Promise((resolve) => setTimeout(resolve, 0));
      for (let turn = 0; turn < 200; turn += 1) {
        try { if (opened === null || opened.document === null) return "refused"; } catch { return "refused"; }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return opened.document.title`);
    expect(popup).toBe("refused");
  });
});
