/** The dashboard's files: one page for every address a person can open, its scripts and styles, nothing from outside. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Context, Hono } from "hono";
import type { ServerEnv } from "../caller.ts";
import type { ServerDeps } from "../deps.ts";

/** What never is a page of the dashboard. */
const RESERVED = /^\/(?:api|v1|docs|assets|\.well-known|healthz|readyz|metrics)(?:\/|$)/;

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const encodings = [
  { encoding: "br", suffix: ".br" },
  { encoding: "gzip", suffix: ".gz" },
  { encoding: "", suffix: "" },
];

/** Mantine writes style elements; they carry the nonce of their page, everything else comes from our own files. */
const policy = (nonce: string) =>
  `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`;

/** Stands in the built page where the nonce goes. */
const NONCE_PLACE = "__NONCE__";

/** `/assets/*` of the build, and its page; put it after every other route. */
export const dashboardRoutes = (deps: ServerDeps) =>
  new Hono<ServerEnv>()
    .get("/assets/:file", async (c) => {
      const name = path.basename(c.req.param("file"));
      const found = await packedOf(deps, path.join("assets", name), c.req.header("Accept-Encoding") ?? "");
      if (!found) return c.notFound();
      if (found.encoding) c.header("Content-Encoding", found.encoding);
      c.header("Vary", "Accept-Encoding");
      c.header("Content-Type", types[path.extname(name)] ?? "application/octet-stream");
      // A file's name holds the hash of its contents.
      c.header("Cache-Control", "public, max-age=31536000, immutable");
      return c.body(new Uint8Array(found.contents));
    })
    .get("*", async (c, next) => {
      if (!isPage(c)) return next();
      const page = await fileOf(deps, "index.html");
      if (!page) return next();
      const nonce = randomBytes(16).toString("base64url");
      c.header("Content-Security-Policy", policy(nonce));
      return c.html(page.toString("utf8").replaceAll(NONCE_PLACE, nonce));
    });

const isPage = (c: Context<ServerEnv>) =>
  /\btext\/html\b/.test(c.req.header("Accept") ?? "") && !RESERVED.test(c.req.path);

/** The smallest form the browser takes; the build has made them. */
async function packedOf(deps: ServerDeps, name: string, accepted: string) {
  for (const { encoding, suffix } of encodings) {
    if (encoding !== "" && !takes(accepted, encoding)) continue;
    const contents = await fileOf(deps, `${name}${suffix}`);
    if (contents) return { contents, encoding };
  }
  return undefined;
}

/** `br;q=0` names an encoding to refuse it. */
const takes = (accepted: string, encoding: string) =>
  accepted.split(",").some((part) => {
    const [name, ...parameters] = part.split(";").map((text) => text.trim());
    return name === encoding && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });

async function fileOf({ dashboardFolder }: ServerDeps, name: string): Promise<Buffer | undefined> {
  if (dashboardFolder === undefined) return undefined;
  return readFile(path.join(dashboardFolder, name)).catch(() => undefined);
}
