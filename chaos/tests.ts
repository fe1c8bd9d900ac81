/** Every chaos test by its name: one file each in this folder. */
import type { ChaosTest } from "./chaos-test.ts";
import { fencing } from "./fencing.ts";
import { matrix } from "./matrix.ts";
import { restore } from "./restore.ts";
import { soak } from "./soak/soak.ts";
import { submits } from "./submits.ts";

export const chaosTests: Readonly<Record<string, ChaosTest>> = { matrix, fencing, restore, soak, submits };
