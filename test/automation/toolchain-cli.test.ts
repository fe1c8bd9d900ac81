import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, rm, truncate } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ensurePulumiCli, type PulumiCli } from "../../src/automation/toolchain/ensure-pulumi-cli.ts";
import { pulumiEnvironment } from "../../src/automation/toolchain/pulumi-environment.ts";
import { silentProgress } from "../../src/domain/progress.ts";
import { resolvePaths } from "../../src/local/paths.ts";

const run = promisify(execFile);

describe("the Pulumi CLI of this machine", () => {
  let cli: PulumiCli;
  let scratch: string;
  beforeAll(async () => {
    cli = await ensurePulumiCli({ paths: resolvePaths(), progress: silentProgress });
    scratch = await mkdtemp(path.join(os.tmpdir(), "onvera-cli-"));
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  it("answers `version` with exactly the SDK's version", async () => {
    const { stdout } = await run(cli.path, ["version"]);
    expect(stdout.trim()).toBe("v3.248.0");
  });

  it("writes nothing but into its own home, and asks nobody for updates or plugins", async () => {
    const home = path.join(scratch, "home");
    await mkdir(home);
    const env = { HOME: home, PATH: "/usr/bin:/bin", ...pulumiEnvironment(path.join(scratch, "pulumi")) };
    const { stdout } = await run(cli.path, ["plugin", "ls", "--json"], { env, cwd: home });
    expect(JSON.parse(stdout)).toEqual([]);
    expect(await readdir(home)).toEqual([]);
  });

  it("is found again in a tenth of a second or so, without being run", async () => {
    expect(await ensurePulumiCli({ paths: resolvePaths(), progress: silentProgress })).toEqual(cli);
  });

  it("is refused once a byte of it is missing (design §6)", async ({ skip }) => {
    if (cli.origin === "installed") skip("the CLI on PATH is not ours to refuse");
    const paths = { toolchain: path.join(scratch, "toolchain"), goCache: path.join(scratch, "go") };
    const original = path.dirname(cli.path);
    const copy = path.join(paths.toolchain, path.relative(resolvePaths().toolchain, original));
    await mkdir(copy, { recursive: true });
    for (const name of await readdir(original)) await copyFile(path.join(original, name), path.join(copy, name));
    const found = await ensurePulumiCli({ paths, progress: silentProgress });
    expect(found).toEqual({ ...cli, path: path.join(copy, "pulumi") });
    await truncate(found.path, 1_000_000);
    await expect(ensurePulumiCli({ paths, progress: silentProgress })).rejects.toMatchObject({
      code: "pulumi-tampered",
    });
  });
});
