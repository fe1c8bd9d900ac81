/** The API's documentation pages: they load nothing from outside. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { Hono } from "hono";
import { errorCatalogue } from "../../domain/errors.ts";
import type { ServerEnv } from "../caller.ts";
import type { ServerDeps } from "../deps.ts";
import { API_BASE } from "../openapi.ts";

const POLICY =
  "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; frame-ancestors 'none'; base-uri 'none'";

/** `/docs`, its script and `/docs/errors`. */
export const docsRoutes = (deps: ServerDeps) =>
  new Hono<ServerEnv>()
    .get("/docs", async (c) => {
      c.header("Content-Security-Policy", POLICY);
      return c.html(deps.docsScript ? referencePage : plainPage);
    })
    .get("/docs/scalar.js", async (c) => {
      const file = deps.docsScript;
      const found = file && (await stat(file).catch(() => undefined));
      if (!file || !found) return c.notFound();
      c.header("Content-Type", "text/javascript; charset=utf-8");
      c.header("Content-Length", String(found.size));
      c.header("Cache-Control", "public, max-age=3600");
      return c.body(Readable.toWeb(createReadStream(file)) as ReadableStream);
    })
    .get("/docs/errors", (c) => {
      c.header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
      return c.html(errorsPage());
    });

const head = (title: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>`;

const referencePage = `${head("Onvera API")}</head><body><div id="app"></div>
<script src="/docs/scalar.js"></script>
<script>Scalar.createApiReference("#app", { url: "${API_BASE}/openapi.json", withDefaultFonts: false, telemetry: false, hideClientButton: true });</script>
</body></html>`;

const plainPage = `${head("Onvera API")}</head><body><h1>Onvera API</h1>
<p>The OpenAPI document is at <a href="${API_BASE}/openapi.json">${API_BASE}/openapi.json</a>, the error codes at <a href="/docs/errors">/docs/errors</a>.</p>
</body></html>`;

function errorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(
    ([code, { status, title, message, retryable }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(title)}</td><td>${escapeHtml(message)}</td><td>${retryable ? "yes" : "no"}</td></tr>`,
  );
  return `${head("Onvera error codes")}<style>body{font:1rem/1.5 system-ui;margin:2rem auto;max-width:70rem;padding:0 1rem}td,th{padding:.3rem .6rem;text-align:left;vertical-align:top}tr:target{background:#ffd}</style></head>
<body><h1>Error codes</h1><table><thead><tr><th>Code</th><th>HTTP</th><th>Title</th><th>Usual message</th><th>Try again</th></tr></thead><tbody>${rows.join("")}</tbody></table></body></html>`;
}

const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
