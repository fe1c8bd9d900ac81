import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, unlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProgress, type ProgressEvent } from "../../src/domain/progress.ts";
import { findAppsFolder } from "../../src/local/packages/apps-folder.ts";
import type { Owner, PackagePaths } from "../../src/local/packages/package-paths.ts";
import { createPackageStore, type PackageStore } from "../../src/local/packages/package-store.ts";
import { runProgram } from "../../src/local/packages/run-program.ts";

/** Two small packages: enough to prove installing, and done in a second or two. */
const lockText = `idna==3.10 \\
    --hash=sha256:12f65c9b470abda6dc35cf8e63cc574b1c52b11df2c86030af0ac09b01b13ea9 \\
    --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3
six==1.16.0 \\
    --hash=sha256:1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926 \\
    --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254
`;

const isRoot = process.geteuid?.() === 0;
const appsUser: Owner | null = isRoot ? { uid: 65_534, gid: 65_534 } : null;

let scratch: string;
let appsFolder: string;
let paths: PackagePaths;
let store: PackageStore;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(os.tmpdir(), "onvera-packages-"));
  await chmod(scratch, 0o755);
  appsFolder = path.join(scratch, "apps");
  await mkdir(path.join(appsFolder, "tiny", "1.0"), { recursive: true });
  for (const name of ["common", "toolchain"]) {
    await symlink(path.join(findAppsFolder(), name), path.join(appsFolder, name));
  }
  await writeFile(path.join(appsFolder, "tiny", "hello.py"), 'print("hello")\n');
  await writeFile(path.join(appsFolder, "tiny", "1.0", "requirements.lock"), lockText);
  const folder = (name: string) => path.join(scratch, name);
  paths = { toolchain: folder("toolchain"), venvs: folder("venvs"), uvCache: folder("uv-cache") };
  for (const made of Object.values(paths)) await mkdir(made, { mode: 0o755 });
  store = createPackageStore({ paths, appsFolder, owner: appsUser });
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

const python = (folder: string, code: string, owner = appsUser) =>
  runProgram({ command: [path.join(folder, "bin", "python"), "-c", code], env: {}, owner });

describe("the shared environment of an app version", () => {
  test("is installed once from the lock by several callers at once, with progress, readable by the apps' user (ON-20, ON-34)", async () => {
    const events: ProgressEvent[] = [];
    const progress = createProgress((event) => events.push(event));
    const [first, second] = await Promise.all([
      store.install("tiny/1.0", { progress }),
      store.install("tiny/1.0", { progress }),
    ]);
    expect(second).toEqual(first);
    const built = events.filter((event) => event.type === "done" && event.step.name === "package-tiny-1.0");
    expect(built).toHaveLength(1);
    const asked = await python(first.path, "import six, idna; print(six.__version__, idna.__version__)");
    expect(asked.stdout).toBe("1.16.0 3.10\n");
    expect(await readFile(path.join(first.path, "share", "onvera", "hello.py"), "utf8")).toContain("hello");
    expect((await readFile(path.join(first.path, "share", "onvera", "digest"), "utf8")).trim()).toBe(first.digest);
    expect(await store.packageFolder("tiny/1.0")).toBe(first.path);
  });

  test("is found again without a second installation (ON-20)", async () => {
    const events: ProgressEvent[] = [];
    await store.install("tiny/1.0", { progress: createProgress((event) => events.push(event)) });
    expect(events).toEqual([]);
  });

  test("that an interruption left half made is not used, and is made again (ON-20)", async () => {
    const { path: folder } = await store.install("tiny/1.0");
    await unlink(path.join(folder, "onvera-package.json"));
    await rm(path.join(folder, "bin"), { recursive: true });
    await expect(store.packageFolder("tiny/1.0")).rejects.toMatchObject({ code: "package-failed" });
    await store.install("tiny/1.0");
    expect((await python(folder, "import six")).exitCode).toBe(0);
  });

  test("whose Python is gone is made again (ON-21)", async () => {
    const { path: folder } = await store.install("tiny/1.0");
    await unlink(path.join(folder, "bin", "python"));
    await symlink("/nonexistent/python3", path.join(folder, "bin", "python"));
    await store.install("tiny/1.0");
    expect((await python(folder, "import six")).exitCode).toBe(0);
  });

  test("gets another digest and another folder when a script changes (ON-21)", async () => {
    const before = await store.install("tiny/1.0");
    await writeFile(path.join(appsFolder, "tiny", "hello.py"), 'print("hello again")\n');
    const after = await store.install("tiny/1.0");
    expect(after.digest).not.toBe(before.digest);
    expect(after.path).not.toBe(before.path);
  });

  test("is refused when a file is not the one that was pinned (design: locked requirements)", async () => {
    await mkdir(path.join(appsFolder, "tiny", "2.0"));
    const forged = lockText.replaceAll(/sha256:.{8}/g, "sha256:00000000");
    await writeFile(path.join(appsFolder, "tiny", "2.0", "requirements.lock"), forged);
    await expect(store.install("tiny/2.0")).rejects.toMatchObject({ code: "package-tampered" });
    await expect(store.packageFolder("tiny/2.0")).rejects.toMatchObject({ code: "package-failed" });
  });

  test("cannot be asked for by a name we do not have (ON-06)", async () => {
    await expect(store.install("tiny/9.9")).rejects.toMatchObject({ code: "package-unknown" });
  });

  test("stops when it is canceled, and goes on afterwards (ON-20)", async () => {
    await mkdir(path.join(appsFolder, "tiny", "3.0"));
    await writeFile(path.join(appsFolder, "tiny", "3.0", "requirements.lock"), lockText);
    const cancel = new AbortController();
    const progress = createProgress(() => cancel.abort());
    await expect(store.install("tiny/3.0", { progress, signal: cancel.signal })).rejects.toMatchObject({
      code: "canceled",
    });
    await store.install("tiny/3.0");
  });
});

describe("a deployment's own requirements", () => {
  const overlay = (extraRequirements: string[], name = "dep") =>
    store.ensureOverlay({
      lock: "tiny/1.0",
      extraRequirements,
      folder: path.join(scratch, "overlays", name),
      owner: appsUser,
    });

  beforeAll(async () => {
    await store.install("tiny/1.0");
    await mkdir(path.join(scratch, "overlays"), { mode: 0o755 });
  });

  test("are none: the shared environment is run (ON-30)", async () => {
    expect(await overlay([])).toBe(await store.packageFolder("tiny/1.0"));
  });

  test("are added on top of the app's own versions, as the deployment's user (ON-21, ON-30)", async () => {
    const folder = await overlay(["colorama>=0.4", "six"]);
    const asked = await python(folder, "import colorama, six, idna; print(six.__version__, six.__file__)");
    const shared = await store.packageFolder("tiny/1.0");
    expect(asked.stdout.trim()).toBe(
      `1.16.0 ${shared}/lib/${(await readdir(path.join(shared, "lib")))[0]}/site-packages/six.py`,
    );
    expect((await python(shared, "import colorama")).exitCode).not.toBe(0);
    expect((await readdir(path.join(folder, "share", "onvera"))).includes("hello.py")).toBe(true);
  });

  test("are installed once (ON-21)", async () => {
    const first = await overlay(["colorama>=0.4", "six"]);
    const started = performance.now();
    expect(await overlay(["six", "colorama>=0.4"])).toBe(first);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test("that contradict the app are refused with the reason, and the overlay in use stays (ON-21)", async () => {
    const used = await overlay(["colorama>=0.4", "six"]);
    await expect(overlay(["six>=1.17"])).rejects.toMatchObject({
      code: "package-conflict",
      why: expect.stringContaining("six"),
    });
    expect((await python(used, "import colorama")).exitCode).toBe(0);
  });

  test("that do not exist are refused by name (ON-21)", async () => {
    await expect(overlay(["onvera-has-no-such-package"])).rejects.toMatchObject({ code: "package-conflict" });
  });

  test("leave nothing but the one before when they change (ON-21)", async () => {
    for (const extra of ["colorama==0.4.4", "colorama==0.4.5", "colorama==0.4.6"]) await overlay([extra], "changing");
    const kept = (await readdir(path.join(scratch, "overlays", "changing"))).filter((name) => !name.startsWith("."));
    expect(kept).toHaveLength(2);
  });
});
