import type { BuildOptions } from "esbuild";

/** esbuild options of the runner, beside entry and output. */
export declare const runnerBundleOptions: Omit<BuildOptions, "write">;
