import { defineConfig } from "vitest/config";

/** A shared CI machine may stall for seconds: there a failed test is tried once more, and the report says so. */
const retry = process.env.CI ? 1 : 0;

/**
 * A worker reads the product once for all its files, instead of once for each: nearly half of the processor time of these
 * layers. Only where no file puts something else in the place of a module.
 */
const readOnce = { isolate: false };

/** One project per layer of proof (docs/architecture.md, "How we know"). */
const layer = (name: string, options: Record<string, unknown> = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], retry, expect: { poll: { timeout: 30_000 } }, ...options },
});

export default defineConfig({
  test: {
    // A rig is taken apart after its last test.
    teardownTimeout: 120_000,
    projects: [
      layer("unit", readOnce),
      layer("stacks", { ...readOnce, testTimeout: 60_000 }),
      layer("http", { testTimeout: 60_000, hookTimeout: 300_000 }),
      layer("automation", { testTimeout: 300_000, hookTimeout: 900_000, fileParallelism: false }),
      layer("local", { testTimeout: 900_000, hookTimeout: 1_800_000, fileParallelism: false }),
      layer("browser", { testTimeout: 180_000, hookTimeout: 300_000, fileParallelism: false }),
      layer("cluster", {
        testTimeout: 300_000,
        hookTimeout: 1_800_000,
        fileParallelism: false,
        globalSetup: "test/support/cluster/global-setup.ts",
      }),
      layer("chaos", { testTimeout: 1_800_000, hookTimeout: 900_000, fileParallelism: false }),
    ],
  },
});
