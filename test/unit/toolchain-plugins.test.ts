import { lstat, mkdir, mkdtemp, readFile, readlink, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ensurePluginPlan, sharedPluginFolder } from "../../src/automation/toolchain/plugin-plan.ts";
import { preparePulumiHome } from "../../src/automation/toolchain/pulumi-environment.ts";
import { silentProgress } from "../../src/domain/progress.ts";

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), "onvera-plugins-"));
});
afterEach(() => rm(scratch, { recursive: true, force: true }));

describe("ensurePluginPlan", () => {
  const ensure = (options: { again?: boolean } = {}) =>
    ensurePluginPlan({
      paths: { pulumiPlugins: scratch },
      progress: silentProgress,
      pulumiPath: "/nonexistent",
      offline: true,
      ...options,
    });

  it("chooses the substitutes where the network is not to be used, and says so in a file (design §6)", async () => {
    expect(await ensure()).toEqual({ random: "substitute", postgresql: "substitute" });
    expect(JSON.parse(await readFile(path.join(scratch, "plan.json"), "utf8"))).toEqual({
      random: "substitute",
      postgresql: "substitute",
    });
  });

  it("stays with its decision until it is asked to decide again: another plugin under a stack is not taken by chance", async () => {
    await writeFile(path.join(scratch, "plan.json"), JSON.stringify({ random: "official", postgresql: "official" }));
    expect(await ensure()).toEqual({ random: "official", postgresql: "official" });
    expect(await ensure({ again: true })).toEqual({ random: "substitute", postgresql: "substitute" });
  });

  it("decides again when its file is damaged", async () => {
    await writeFile(path.join(scratch, "plan.json"), "{");
    expect(await ensure()).toEqual({ random: "substitute", postgresql: "substitute" });
  });
});

describe("preparePulumiHome", () => {
  it("makes a closed home whose plugins are the shared ones, also when it was made before", async () => {
    const shared = sharedPluginFolder({ pulumiPlugins: path.join(scratch, "shared") });
    const home = path.join(scratch, "op", "pulumi");
    await mkdir(shared, { recursive: true });
    await preparePulumiHome(home, shared);
    await preparePulumiHome(home, shared);
    expect((await lstat(home)).mode & 0o777).toBe(0o700);
    expect(await readlink(path.join(home, "plugins"))).toBe(shared);
  });
});
