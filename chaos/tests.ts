/** Every chaos test by its name: one file each in this folder. */
import { canaries } from "./canaries.ts";
import type { ChaosTest } from "./chaos-test.ts";
import { faultsTest } from "./faults.ts";
import { fencing } from "./fencing.ts";
import { matrix } from "./matrix.ts";
import { postgresStops } from "./postgres-stops.ts";
import { restore } from "./restore.ts";
import { soak } from "./soak/soak.ts";
import { starvation } from "./starvation.ts";
import { submits } from "./submits.ts";
import { upgrade } from "./upgrade.ts";

export const chaosTests: Readonly<Record<string, ChaosTest>> = {
  canaries,
  matrix,
  fencing,
  faults: faultsTest,
  "postgres-stops": postgresStops,
  restore,
  soak,
  starvation,
  submits,
  upgrade,
};
