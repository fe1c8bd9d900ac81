/**
 * How the runner is bundled: with the Pulumi SDK inside, and without the parts of it that only serialize functions
 * into cloud code or start the CLI. A small loader beside it runs it with V8's code cache (docs/adr/0002-runner.md).
 */

/** As esbuild looks it up: from the working directory it is given, the checkout. */
const stub = "./scripts/runner-stub.cjs";

/** Packages the SDK loads at once and a runner never calls. */
const neverCalled = ["typescript", "@npmcli/arborist", "normalize-package-data", "fdir", "execa"];

const common = { bundle: true, format: "cjs", platform: "node", target: "node20.19", logLevel: "error" };

/** Name in the output folder to esbuild options beside the output; both files lie in one folder. */
export const runnerBundles = {
  // What it evaluates to is the function around a CommonJS module, so that the loader compiles the text as it is.
  "runner-main.cjs": {
    ...common,
    entryPoints: ["src/automation/runner/main.ts"],
    alias: Object.fromEntries(neverCalled.map((name) => [name, stub])),
    banner: { js: "(function (exports, require, module, __filename, __dirname) {" },
    footer: { js: "})" },
  },
  "runner.cjs": { ...common, entryPoints: ["src/automation/runner/load.ts"] },
};
