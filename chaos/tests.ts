/** Every chaos test by its name: one file each in this folder. */
import type { ChaosTest } from "./chaos-test.ts";

export const chaosTests: Readonly<Record<string, ChaosTest>> = {};
