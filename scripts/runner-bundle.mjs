/**
 * How the runner is bundled: with the Pulumi SDK inside, and without the parts of it that only serialize functions
 * into cloud code. A runner loads in a third of the time and half of the memory that way (docs/adr/0002-runner.md).
 */

/** As esbuild looks it up: from the working directory it is given, the checkout. */
const stub = "./scripts/runner-stub.cjs";

/** Packages the SDK loads at once and a runner never calls. */
const neverCalled = ["typescript", "@npmcli/arborist"];

/** esbuild options beside entry and output. */
export const runnerBundleOptions = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20.19",
  alias: Object.fromEntries(neverCalled.map((name) => [name, stub])),
  // CommonJS packages inside an ES module still ask for these three.
  banner: {
    js: [
      'import { createRequire as __createRequire } from "node:module";',
      'import { fileURLToPath as __toPath } from "node:url";',
      "const require = __createRequire(import.meta.url);",
      "const __filename = __toPath(import.meta.url);",
      'const __dirname = __toPath(new URL(".", import.meta.url));',
    ].join("\n"),
  },
  logLevel: "error",
};
