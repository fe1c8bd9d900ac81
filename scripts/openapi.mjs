// `node scripts/openapi.mjs generate|check`: bundles scripts/openapi.ts, which Node 20 cannot run itself, and runs it.
import { rm } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const bundle = `dist/openapi-${process.pid}.mjs`;
await build({
  entryPoints: ["scripts/openapi.ts"],
  bundle: true,
  platform: "node",
  format: "esm",
  packages: "external",
  outfile: bundle,
  logLevel: "warning",
});
try {
  await import(pathToFileURL(bundle).href);
} finally {
  await rm(bundle, { force: true });
}
