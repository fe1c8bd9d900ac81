import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  buildError,
  buildEstimateSeconds,
  buildKey,
  buildMessage,
  pulumiModuleFolder,
} from "../../src/automation/toolchain/build-pulumi-cli.ts";
import { expectedChecksum } from "../../src/automation/toolchain/download-pulumi-cli.ts";
import { findGo, goEnvironment } from "../../src/automation/toolchain/go-toolchain.ts";
import { pulumiEnvironment } from "../../src/automation/toolchain/pulumi-environment.ts";

describe("buildError", () => {
  it.each([
    [
      "network",
      `go: github.com/x/y@v1.0.0: Get "https://modules.example/…": dial tcp: lookup modules.example: no such host`,
    ],
    ["network", "go: module lookup disabled by GOPROXY=off"],
    ["network", "reading https://proxy.example/x/@v/v1.zip: 404 Not Found"],
    ["disk-full", "write /cache/build/ab/x: no space left on device"],
    ["go-too-old", "go: go.mod requires go >= 1.25.11 (running go 1.24.1; GOTOOLCHAIN=local)"],
    ["pulumi-unverified", "verifying github.com/x/y@v1.0.0: checksum mismatch\nSECURITY ERROR"],
    ["pulumi-build-failed", "compile: signal: killed"],
    ["pulumi-build-failed", "something nobody has seen"],
  ])("answers %s, with a next step, when Go says: %s", (code, said) => {
    const error = buildError(said, 1, "/cache");
    expect(error.code).toBe(code);
    expect(error.nextStep).toMatch(/^(Check|Set|Install|Free|Give|Mend) /);
  });

  it("blames memory when the compiler was ended by a signal", () => {
    expect(buildError("", null, "/cache").why).toMatch(/memory/);
  });
});

describe("buildMessage", () => {
  it("tells what is left once that can be told", () => {
    expect(buildMessage({ compiled: 0, downloaded: 12, elapsedSeconds: 3 })).toBe("fetched 12 modules");
    expect(buildMessage({ compiled: 50, downloaded: 12, elapsedSeconds: 3 })).not.toMatch(/left/);
    expect(buildMessage({ compiled: 820, downloaded: 0, elapsedSeconds: 120 })).toMatch(
      /820 of about 1640 packages, about 2 min left/,
    );
    expect(buildMessage({ compiled: 1700, downloaded: 0, elapsedSeconds: 120 })).toMatch(/less than a minute left/);
  });

  it("expects less of a machine with more cores", () => {
    expect(buildEstimateSeconds(2)).toBeGreaterThan(buildEstimateSeconds(8));
  });
});

describe("buildKey", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "onvera-key-"));
    for (const name of ["go.mod", "go.sum"])
      await copyFile(path.join(pulumiModuleFolder(), name), path.join(folder, name));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("changes with the Go version and with go.sum, and with nothing else", async () => {
    const { key } = await buildKey(folder, "go1.26.8");
    expect((await buildKey(pulumiModuleFolder(), "go1.26.8")).key).toBe(key);
    expect((await buildKey(folder, "go1.26.9")).key).not.toBe(key);
    await writeFile(path.join(folder, "go.sum"), "another");
    expect((await buildKey(folder, "go1.26.8")).key).not.toBe(key);
  });
});

describe("goEnvironment", () => {
  it("keeps the user's module proxy and closes the build to everything else of theirs", () => {
    const user = {
      PATH: "/bin",
      GOPROXY: "https://proxy.example",
      GOFLAGS: "-mod=mod",
      CGO_ENABLED: "1",
      GOCACHE: "/x",
      AWS_SECRET_ACCESS_KEY: "s",
    };
    const environment = goEnvironment("/cache/go", user, false);
    expect(environment).toMatchObject({
      GOPROXY: "https://proxy.example",
      GOFLAGS: "-mod=readonly",
      CGO_ENABLED: "0",
      GOCACHE: "/cache/go/build",
    });
    expect(Object.keys(environment)).not.toContain("AWS_SECRET_ACCESS_KEY");
    expect(goEnvironment("/cache/go", user, true)).toMatchObject({ GOPROXY: "off" });
  });
});

describe("findGo", () => {
  const search = { cache: "/nonexistent", moduleFolder: "/", searchAlso: "/nonexistent" };

  it("names Go as missing, with the way out, where there is none", async () => {
    const missing = expect(findGo(search, { PATH: "/nonexistent" })).rejects;
    await missing.toMatchObject({ code: "go-missing", nextStep: expect.stringMatching(/go\.dev/) });
  });

  it("passes on what a Go that is too old for the module says", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-go-"));
    const text = "#!/bin/sh\necho 'go: go.mod requires go >= 1.25.11 (running go 1.19)' >&2\nexit 1\n";
    await writeFile(path.join(folder, "go"), text, { mode: 0o755 });
    const found = findGo({ ...search, cache: folder, moduleFolder: folder }, { PATH: folder });
    await expect(found).rejects.toMatchObject({ code: "go-too-old", why: expect.stringMatching(/running go 1\.19/) });
    await rm(folder, { recursive: true });
  });
});

describe("expectedChecksum", () => {
  it("vouches for no archive nobody has vouched for", () => {
    expect(expectedChecksum("plan9-mips", {})).toBeUndefined();
  });

  it("takes the operator's word, and refuses one that is no SHA-256", () => {
    expect(expectedChecksum("linux-x64", { ONVERA_PULUMI_SHA256: "A".repeat(64) })).toBe("a".repeat(64));
    expect(() => expectedChecksum("linux-x64", { ONVERA_PULUMI_SHA256: "abc" })).toThrow(/64 hexadecimal digits/);
  });
});

describe("pulumiEnvironment", () => {
  it("keeps a CLI process from installing plugins, asking for updates, and listing states in parallel", () => {
    expect(pulumiEnvironment("/op/pulumi")).toMatchObject({
      PULUMI_HOME: "/op/pulumi",
      PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
      PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
      PULUMI_SKIP_UPDATE_CHECK: "true",
      PULUMI_DIY_BACKEND_PARALLEL: "1",
    });
  });
});
