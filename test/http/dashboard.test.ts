/** The dashboard's own addresses (ON-25): one page under a strict policy, hashed files kept for ever, and never in the API's way. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";

const SCRIPT = "console.log('a page');\n".repeat(40);
const SECRET = "not of the dashboard";
const HTML = { Accept: "text/html,application/xhtml+xml,*/*;q=0.8" };
let server: TestServer;
let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), "onvera-dashboard-"));
  const assets = join(scratch, "web", "assets");
  await mkdir(assets, { recursive: true });
  await writeFile(join(scratch, "secret.js"), SECRET);
  await writeFile(join(scratch, "web", ".built"), SECRET);
  await writeFile(
    join(scratch, "web", "index.html"),
    '<!doctype html><meta name="style-nonce" content="__NONCE__"><script type="module" src="/assets/index-B1x.js"></script>',
  );
  await writeFile(join(assets, "index-B1x.js"), SCRIPT);
  await writeFile(join(assets, "index-B1x.js.br"), brotliCompressSync(SCRIPT));
  await writeFile(join(assets, "index-B1x.js.gz"), gzipSync(SCRIPT));
  await writeFile(join(assets, "index-C2y.css"), "body{}");
  server = await startTestServer({ dashboardFolder: join(scratch, "web"), docsScript: join(scratch, "secret.js") });
});
afterAll(async () => {
  await server.close();
  await rm(scratch, { recursive: true, force: true });
});

const get = (path: string, headers: Record<string, string> = {}) => server.app.request(path, { headers });
const directives = (policy: string | null) =>
  new Map((policy ?? "").split("; ").map((part) => [part.split(" ")[0] ?? "", part.split(" ").slice(1)]));

describe("the page", () => {
  it("is given at every address a person can open, with what keeps other sites and scripts out", async () => {
    for (const path of ["/", "/deployments", "/deployments/dep_x?tab=logs", "/operations/op_x", "/no/such/page"]) {
      const answer = await get(path, HTML);
      expect([path, answer.status, answer.headers.get("content-type")]).toEqual([
        path,
        200,
        "text/html; charset=UTF-8",
      ]);
      expect(await answer.text()).toContain("/assets/index-B1x.js");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("x-frame-options")).toBe("DENY");
      expect(answer.headers.get("referrer-policy")).toBe("no-referrer");
      expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
    }
  });

  it("runs scripts of this host only, no inline ones, and asks nobody else", async () => {
    const policy = directives((await get("/", HTML)).headers.get("content-security-policy"));
    expect(policy.get("default-src")).toEqual(["'none'"]);
    expect(policy.get("script-src")).toEqual(["'self'"]);
    expect(policy.get("connect-src")).toEqual(["'self'"]);
    expect(policy.get("frame-ancestors")).toEqual(["'none'"]);
    expect(policy.get("form-action")).toEqual(["'self'"]);
    expect(policy.get("base-uri")).toEqual(["'none'"]);
    for (const [name, sources] of policy) {
      expect(sources.join(" ")).not.toMatch(/https?:|\*|unsafe-eval/);
      if (name !== "style-src-attr") expect(sources).not.toContain("'unsafe-inline'");
    }
  });

  it("carries a nonce for its styles that is new each time", async () => {
    const nonces = await Promise.all(
      ["/", "/"].map(async (path) => {
        const answer = await get(path, HTML);
        const nonce = /content="([\w-]{20,})"/.exec(await answer.text())?.[1];
        expect(answer.headers.get("content-security-policy")).toContain(`'nonce-${nonce}'`);
        return nonce;
      }),
    );
    expect(new Set(nonces).size).toBe(2);
  });

  it("never stands where the API, its documentation, health or files answer, whoever asks", async () => {
    for (const path of ["/api", "/api/v1/nothing", "/api/v2/deployments", "/assets/none.js", "/.well-known/none"]) {
      const answer = await get(path, HTML);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.headers.get("content-type")).toContain("application/problem+json");
    }
    for (const path of ["/api/v1/deployments", "/metrics"]) expect((await get(path, HTML)).status).toBe(401);
    expect((await get("/healthz", HTML)).headers.get("content-type")).toContain("json");
    expect(await (await get("/docs", HTML)).text()).not.toContain("index-B1x.js");
  });

  it("is for browsers: a program that mistypes an address is told 404, and nothing but GET is a page", async () => {
    for (const accept of ["", "application/json", "*/*"]) {
      expect((await get("/deployments", { Accept: accept })).status).toBe(404);
    }
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      expect((await server.app.request("/deployments", { method, headers: HTML })).status).toBe(404);
    }
  });
});

describe("its files", () => {
  it("are kept by browsers for ever: a name holds the hash of the contents", async () => {
    const answer = await get("/assets/index-B1x.js");
    expect(answer.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(answer.headers.get("content-type")).toBe("text/javascript; charset=utf-8");
    expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
    expect((await get("/assets/index-C2y.css")).headers.get("content-type")).toBe("text/css; charset=utf-8");
  });

  it.each([
    ["br, gzip", "br", brotliDecompressSync],
    ["gzip, deflate, br", "br", brotliDecompressSync],
    ["gzip", "gzip", gunzipSync],
    ["br;q=0, gzip", "gzip", gunzipSync],
  ] as const)("go out compressed as the browser takes them: %s", async (accepted, encoding, unpack) => {
    const answer = await get("/assets/index-B1x.js", { "Accept-Encoding": accepted });
    expect(answer.headers.get("content-encoding")).toBe(encoding);
    expect(answer.headers.get("vary")).toBe("Accept-Encoding");
    expect(unpack(new Uint8Array(await answer.arrayBuffer())).toString()).toBe(SCRIPT);
  });

  it.each(["identity", "zstd", ""])("go out as they are to who takes neither: '%s'", async (accepted) => {
    const answer = await get("/assets/index-B1x.js", { "Accept-Encoding": accepted });
    expect(answer.headers.get("content-encoding")).toBeNull();
    expect(answer.headers.get("vary")).toBe("Accept-Encoding");
    expect(await answer.text()).toBe(SCRIPT);
  });

  it.each([
    "/assets/../secret.js",
    "/assets/..%2f..%2fsecret.js",
    "/assets/%2e%2e%2f%2e%2e%2fsecret.js",
    "/assets/..%5c..%5csecret.js",
    "/assets/%2e%2e/secret.js",
    "/assets//../../secret.js",
    "/assets/../.built",
    "/assets/..%2f.built",
    "/assets/secret.js%00.js",
    "/assets/",
    "/assets/.",
    "/assets/..",
  ])("nothing outside their folder is given: %s", async (path) => {
    for (const headers of [{}, HTML]) {
      const answer = await get(path, headers);
      expect(await answer.text()).not.toContain(SECRET);
      if (!new URL(path, "http://x").pathname.startsWith("/assets")) continue;
      expect([400, 404]).toContain(answer.status);
    }
  });
});

it("without a built dashboard there is only the API", async () => {
  const { app } = server;
  const folder = server.deps.dashboardFolder;
  server.deps.dashboardFolder = join(scratch, "none");
  expect((await app.request("/", { headers: HTML })).status).toBe(404);
  server.deps.dashboardFolder = folder;
});
