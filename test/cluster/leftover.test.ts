/** A run that was killed leaves a rig behind; the next start, and `down`, clear it away whole. */
import { existsSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { processIdentity } from "../../src/local/process-identity.ts";
import { ensureGoProgram, pauseProgram } from "../support/cluster/go-program.ts";
import { makeControlGroups, readKernelSettings } from "../support/cluster/machine-changes.ts";
import { furnishNamespaces, makeNamespaces, runInside } from "../support/cluster/rig-namespace.ts";
import { rigPlace } from "../support/cluster/rig-place.ts";
import { findCluster, stopRig } from "../support/cluster/running-cluster.ts";
import { startInside } from "../support/cluster/start-programs.ts";
import { until } from "../support/until.ts";

const place = rigPlace("spare");

const groups = () =>
  readdirSync("/sys/fs/cgroup").filter((name) => existsSync(`/sys/fs/cgroup/${name}/${place.controlGroup}`));

test("what a killed run left is cleared: processes, interface, control groups, folder, kernel settings", async () => {
  await stopRig(place);
  const pause = await ensureGoProgram(pauseProgram, console.log);
  await mkdir(place.logs, { recursive: true });
  const kernelSettings = await readKernelSettings();
  await makeControlGroups(place);
  const inside = await makeNamespaces(place, pause);
  await writeFile(place.stateFile, JSON.stringify({ ...inside, kernelSettings }));
  await furnishNamespaces(place, inside);
  await startInside(place, inside, { name: "sleep", command: ["sleep", "3600"] });
  await until(async () => (await runInside(inside, ["ps", "-e", "-o", "comm="])).includes("sleep"), "it sleeps", 10);
  expect(existsSync(`/sys/class/net/${place.cable.here}`)).toBe(true);
  // As a kubelet does, for the whole machine.
  await runInside(inside, ["sysctl", "-q", "-w", `kernel.panic=${Number(kernelSettings["kernel/panic"]) + 7}`]);
  expect(await readKernelSettings()).not.toEqual(kernelSettings);

  await stopRig(place);
  expect(await processIdentity(inside.pid)).toBeUndefined();
  expect(existsSync(`/sys/class/net/${place.cable.here}`)).toBe(false);
  expect(groups()).toEqual([]);
  expect(existsSync(place.folder)).toBe(false);
  expect(await readKernelSettings()).toEqual(kernelSettings);
  expect(await findCluster(place)).toBeUndefined();
});
