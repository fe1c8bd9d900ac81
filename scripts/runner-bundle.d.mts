import type { BuildOptions } from "esbuild";

/** Name in the output folder to esbuild options, beside the output. */
export declare const runnerBundles: Readonly<Record<string, Omit<BuildOptions, "write">>>;
