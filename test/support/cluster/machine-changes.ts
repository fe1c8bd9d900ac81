/** What the rig changes on the machine outside its own namespaces, and how it is undone. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { until } from "../until.ts";
import type { RigPlace } from "./rig-place.ts";

/** Settings of the kernel that a kubelet sets for the whole machine. */
const kernelSettings = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
];

const settingFile = (name: string) => path.join("/proc/sys", name);
const groupsRoot = "/sys/fs/cgroup";

/** @returns each setting's value, to be put back by `restoreKernelSettings` */
export async function readKernelSettings(): Promise<Record<string, string>> {
  const read = async (name: string) => [name, (await readFile(settingFile(name), "utf8")).trim()] as const;
  return Object.fromEntries(await Promise.all(kernelSettings.map(read)));
}

/** Puts back what differs. */
export async function restoreKernelSettings(settings: Record<string, string>): Promise<void> {
  const now = await readKernelSettings();
  for (const [name, value] of Object.entries(settings))
    if (now[name] !== undefined && now[name] !== value) await writeFile(settingFile(name), value);
}

/** Makes the rig's control group in every hierarchy (version 1), or the one (version 2). */
export async function makeControlGroups(place: RigPlace): Promise<void> {
  if (isVersionTwo()) {
    const controllers = (await readFile(path.join(groupsRoot, "cgroup.controllers"), "utf8")).trim().split(" ");
    const enabling = controllers.map((name) => `+${name}`).join(" ");
    await writeFile(path.join(groupsRoot, "cgroup.subtree_control"), enabling);
  }
  for (const hierarchy of await hierarchies())
    await mkdir(path.join(hierarchy, place.controlGroup), { recursive: true });
}

/** Removes the rig's control groups; their processes have ended, and the kernel may need a moment to notice. */
export async function removeControlGroups(place: RigPlace): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const group = path.join(hierarchy, place.controlGroup);
    await until(() => removeGroup(group), `the control group ${group} is empty`, 30);
  }
}

async function removeGroup(group: string): Promise<boolean> {
  if (!existsSync(group)) return true;
  for (const entry of await readdir(group, { withFileTypes: true }))
    if (entry.isDirectory() && !(await removeGroup(path.join(group, entry.name)))) return false;
  return rmdir(group).then(
    () => true,
    () => false,
  );
}

const isVersionTwo = () => existsSync(path.join(groupsRoot, "cgroup.controllers"));

async function hierarchies(): Promise<string[]> {
  if (isVersionTwo()) return [groupsRoot];
  const names = await readdir(groupsRoot);
  const folders = names.map((name) => path.join(groupsRoot, name));
  return folders.filter(
    (folder) => existsSync(path.join(folder, "tasks")) || existsSync(path.join(folder, "cgroup.procs")),
  );
}
