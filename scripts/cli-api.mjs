/**
 * `node scripts/cli-api.mjs generate|check`: makes what the CLI knows of the API out of openapi.json,
 * src/cli/api-types.ts (types) and src/cli/api/api-routes.ts (operationId to method and path), or says whether they are current.
 */
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import openapiTypescript, { astToString } from "openapi-typescript";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const METHODS = ["get", "post", "put", "patch", "delete"];

async function types() {
  const ast = await openapiTypescript(new URL("../openapi.json", import.meta.url), {
    // What has a default may be left out of a request.
    defaultNonNullable: false,
  });
  return `/** Made from openapi.json by 'npm run generate'; do not edit. */\n\n${astToString(ast)}`;
}

async function routes() {
  const document = JSON.parse(await readFile(join(root, "openapi.json"), "utf8"));
  const entries = Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.filter((method) => item[method]).map((method) => [item[method].operationId, method.toUpperCase(), path]),
  );
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = entries.map(([id, method, path]) => `  ${id}: ["${method}", "${path}"],`);
  return [
    "/** Where each operation of the API is. Made from openapi.json by 'npm run generate'; do not edit. */",
    "export const routes = {",
    ...lines,
    "} as const satisfies Record<string, readonly [method: string, path: string]>;",
    "",
    "export type OperationId = keyof typeof routes;",
    "",
  ].join("\n");
}

const files = { "src/cli/api-types.ts": await types(), "src/cli/api/api-routes.ts": await routes() };
const verb = process.argv[2];
if (verb === "generate") {
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);
} else if (verb === "check") {
  for (const [path, text] of Object.entries(files)) {
    const present = await readFile(join(root, path), "utf8").catch(() => "");
    if (present === text) continue;
    console.error(`${path} is not what openapi.json says. Run: npm run generate`);
    process.exitCode = 1;
  }
} else {
  console.error("usage: node scripts/cli-api.mjs generate|check");
  process.exitCode = 2;
}
