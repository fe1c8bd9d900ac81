import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findAppsFolder, lockConstraints, readPackageSource } from "../../src/local/packages/apps-folder.ts";
import { installerEnvironment, withoutCredentials } from "../../src/local/packages/installer-environment.ts";
import { installerFailure } from "../../src/local/packages/installer-failure.ts";
import { findPython } from "../../src/local/packages/python.ts";
import { requirementConflict } from "../../src/local/packages/requirement-conflict.ts";

describe("what an installer says when it fails", () => {
  test.each([
    ["error: Failed to fetch: `https://x/y`\n  Caused by: dns error: failed to lookup address", "network"],
    ["ERROR: HTTPSConnectionPool: Max retries exceeded with url", "network"],
    ["error: failed to write: No space left on device (os error 28)", "disk-full"],
    ["error: Hash mismatch for `six==1.16.0`", "package-tampered"],
    ["ERROR: No matching distribution found for uv==0.13.8", "package-failed"],
    ["something nobody has seen yet", "package-failed"],
  ])("becomes a cause and a next step: %s (NH-09)", (output, code) => {
    const error = installerFailure("superset/6.1.0", output, "/cache/venvs/x");
    expect(error.code).toBe(code);
    expect(error.nextStep).not.toBe("");
  });

  test("is told apart from a customer's own conflict (NH-09)", () => {
    const conflict = requirementConflict(
      "  × No solution found when resolving dependencies:\n  ╰─▶ Because you require pandas>=3 and pandas==2.1.4, we can conclude that your requirements are unsatisfiable.",
    );
    expect(conflict?.code).toBe("package-conflict");
    expect(conflict?.why).toContain("pandas==2.1.4");
    expect(requirementConflict("error: Failed to fetch")).toBeUndefined();
  });
});

describe("the installer's environment", () => {
  const inherited = {
    PATH: "/bin",
    HOME: "/home/me",
    UV_DEFAULT_INDEX: "https://user:word@mirror/simple",
    PIP_CERT: "/etc/ca.pem",
    HTTPS_PROXY: "http://proxy:3128",
    DATABASE_URL: "postgresql://onvera:secret@db/onvera",
    PYTHONPATH: "/evil",
  };

  test("carries the machine's index, proxy and certificates, and nothing of the control plane's (engine: secrets)", () => {
    const env = installerEnvironment({}, inherited);
    expect(env).toMatchObject({ UV_DEFAULT_INDEX: inherited.UV_DEFAULT_INDEX, PIP_CERT: "/etc/ca.pem" });
    expect(Object.keys(env)).not.toContain("DATABASE_URL");
    expect(Object.keys(env)).not.toContain("PYTHONPATH");
  });

  test("holds no password where a tenant's package may run code (engine: secrets)", () => {
    const env = withoutCredentials(installerEnvironment({}, inherited));
    expect(Object.values(env).join(" ")).not.toContain("word");
    expect(env.HTTPS_PROXY).toBe(inherited.HTTPS_PROXY);
  });
});

describe("the Python that runs the apps", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "onvera-python-"));
    await chmod(folder, 0o755);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const fake = async (name: string, script: string) => {
    await mkdir(path.join(folder, "bin"), { recursive: true });
    await writeFile(path.join(folder, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  };
  const answer = (version: string) => `printf '%s\\n' "$0" ${version.replace(".", " ")} cpython`;
  const search = (environment: Record<string, string> = {}) =>
    findPython({ owner: null, firstFolders: [path.join(folder, "bin")], environment });

  test("is the first that fits; too old and too new ones are passed over (design §7)", async () => {
    await fake("python3.10", answer("3.10"));
    await fake("python3.11", "exit 1");
    await fake("python3.12", answer("3.13"));
    expect(await search()).toEqual({ path: path.join(folder, "bin", "python3.10"), minor: "3.10" });
  });

  test("is missed with the way to get one (bad input and faults)", async () => {
    await expect(search()).rejects.toMatchObject({ code: "python-missing" });
    await fake("python3", answer("3.9"));
    await expect(search()).rejects.toMatchObject({
      code: "python-unfit",
      why: expect.stringContaining("3.9, too old"),
    });
  });

  test("can be named, and is then used or refused, never replaced (bad input and faults)", async () => {
    await fake("python3.11", answer("3.11"));
    await fake("mine", answer("3.8"));
    const mine = path.join(folder, "bin", "mine");
    await expect(search({ ONVERA_PYTHON: mine })).rejects.toMatchObject({ why: expect.stringContaining(mine) });
  });
});

describe("a package's source", () => {
  test("pins every requirement by hash and names no index or folder (design §7)", async () => {
    for (const lock of ["superset/6.1.0", "superset/6.0.0", "airflow/3.3.2", "airflow/3.2.2"]) {
      const { lockText } = await readPackageSource(findAppsFolder(), lock);
      const pins = lockConstraints(lockText).trim().split("\n");
      expect(pins.length).toBeGreaterThan(100);
      for (const pin of pins) expect(pin).toMatch(/^[a-z0-9][a-z0-9._-]*==\S+( ; .+)?$/);
      expect(lockText).not.toMatch(/index-url|find-links|:\/\/|file:/);
      const blocks = lockText.trim().split(/\n(?=\S)/);
      for (const block of blocks) expect(block).toMatch(/--hash=sha256:[0-9a-f]{64}/);
    }
  });

  test("has one digest whatever the folder is called, and another when anything in it changes (NH-06)", async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-apps-"));
    try {
      const copy = path.join(folder, "apps");
      await mkdir(path.join(copy, "superset"), { recursive: true });
      for (const name of ["common", "superset/6.1.0"]) {
        await symlink(path.join(findAppsFolder(), name), path.join(copy, name));
      }
      const original = await readPackageSource(findAppsFolder(), "superset/6.1.0");
      for (const [name, text] of original.scripts) {
        if (name.startsWith("onvera_")) continue;
        await writeFile(path.join(copy, "superset", name), text);
      }
      expect((await readPackageSource(copy, "superset/6.1.0")).digest).toBe(original.digest);
      await writeFile(path.join(copy, "superset", "more.py"), "");
      expect((await readPackageSource(copy, "superset/6.1.0")).digest).not.toBe(original.digest);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
