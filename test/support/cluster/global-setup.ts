/** The cluster of all cluster tests: the one kept for development if it is up, else one started for this run. */
import { holdRig } from "./rig-lock.ts";
import { rigPlace } from "./rig-place.ts";
import { findCluster, startCluster } from "./running-cluster.ts";
import { rigVariable } from "./test-cluster.ts";

/** @returns what vitest calls when all tests have run */
export async function setup(): Promise<() => Promise<void>> {
  const kept = process.env[rigVariable] === "test" ? undefined : await findCluster(rigPlace("dev"));
  // The processes that run the tests inherit it.
  process.env[rigVariable] = kept === undefined ? "test" : "dev";
  if (kept !== undefined) {
    console.log(`The cluster tests use the rig that is up (${kept.server}).`);
    return async () => undefined;
  }
  const place = rigPlace("test");
  const giveBack = await holdRig(place, console.log);
  const startedAt = Date.now();
  const cluster = await startCluster(place, console.log);
  console.log(`The rig is ready after ${Math.round((Date.now() - startedAt) / 1000)} s.`);
  return async () => {
    await cluster.stop();
    await giveBack();
  };
}
