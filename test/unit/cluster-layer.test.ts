/** What can be told of the cluster tests without a cluster: who may run them, what they say beforehand. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { appImage } from "../../src/domain/app-images.ts";
import { rigNames, rigPlace } from "../support/cluster/rig-place.ts";
import { announcement, missingPackages } from "../support/cluster/system-packages.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

test("without root the cluster tests say why and exit with 3", () => {
  const noRoot = "data:text/javascript,process.getuid=()=>1000";
  const args = ["--import", noRoot, "scripts/test.mjs", "cluster"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: checkout, encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 3, stdout: "" });
  expect(stderr).toMatch(/needs root/);
});

test("before a rig starts it names every package it installs and everything it changes", () => {
  const missing = missingPackages(() => false);
  expect(missing).toContain("containerd");
  const place = rigPlace("dev");
  const said = announcement(place, missing);
  for (const name of [...missing, place.cable.here, place.network, place.controlGroup, place.folder, place.images])
    expect(said).toContain(name);
  expect(
    announcement(
      place,
      missingPackages(() => true),
    ),
  ).toContain("installs nothing");
});

test("rigs share no address, folder or control group", () => {
  const places = rigNames.map(rigPlace);
  for (const part of ["network", "folder", "images", "controlGroup", "hostAddress", "ingressAddress"] as const)
    expect(new Set(places.map((place) => place[part])).size).toBe(places.length);
});

test("another lock or other scripts are another image", () => {
  const digest = "0123456789abcdef0123";
  expect(appImage("onvera.local", "superset/6.1.0", digest)).toBe("onvera.local/superset:6.1.0-0123456789ab");
  expect(appImage("registry.example.com/apps", "airflow/3.3.2", digest)).toBe(
    "registry.example.com/apps/airflow:3.3.2-0123456789ab",
  );
});
