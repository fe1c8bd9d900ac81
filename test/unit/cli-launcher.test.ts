import { type ChildProcess, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const launcher = fileURLToPath(new URL("../../onvera", import.meta.url));
const isInstalled = fileURLToPath(new URL("../../scripts/is-installed.mjs", import.meta.url));

let folder: string;
let root: string;
let bin: string;

/** A checkout in small: the real launcher, a build that notes each run, and an npm that installs the way npm does. */
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "onvera-launcher-")));
  root = join(folder, "checkout");
  bin = join(folder, "bin");
  for (const path of [join(root, "src"), join(root, "scripts"), bin]) mkdirSync(path, { recursive: true });
  copyFileSync(launcher, join(root, "onvera"));
  copyFileSync(isInstalled, join(root, "scripts/is-installed.mjs"));
  writeFileSync(join(root, "package.json"), "{}");
  writeLock("1.0.0");
  writeFileSync(join(root, "src/main.ts"), "first");
  writeFileSync(
    join(root, "scripts/build.mjs"),
    `import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
appendFileSync(new URL("../../builds", import.meta.url), "built\\n");
const source = readFileSync(new URL("../src/main.ts", import.meta.url), "utf8");
if (source === "broken") { console.error("src/main.ts: does not compile"); process.exit(1); }
writeFileSync(new URL("../dist/cli.js", import.meta.url), "console.log(JSON.stringify({ source: " + JSON.stringify(source) + ", args: process.argv.slice(2), cwd: process.cwd() }))");
`,
  );
  script(
    "npm",
    `echo "npm $*" >> "${folder}/installs"
[ ! -e "${folder}/offline" ] || { echo "npm error network"; exit 1; }
sleep 0.3
mkdir -p node_modules
cp package-lock.json node_modules/.package-lock.json`,
  );
});

afterEach(() => {
  chmodSync(root, 0o755);
  rmSync(folder, { recursive: true, force: true });
});

function writeLock(version: string): void {
  const packages = { "": {}, "node_modules/a": { version, integrity: version } };
  writeFileSync(join(root, "package-lock.json"), JSON.stringify({ packages }));
}

function script(name: string, body: string): void {
  writeFileSync(join(bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

/** A user who owns nothing. */
const NOBODY = 65_534;

const node = dirname(process.execPath);

function start(
  args: string[] = [],
  options: { path?: string; cwd?: string; env?: Record<string, string>; uid?: number } = {},
): ChildProcess {
  const env = { HOME: join(folder, "home"), PATH: `${bin}:${node}:/usr/bin:/bin`, ...options.env };
  const as = options.uid === undefined ? {} : { uid: options.uid, gid: options.uid };
  return spawn(options.path ?? join(root, "onvera"), args, { cwd: options.cwd ?? folder, env, ...as });
}

async function run(...given: Parameters<typeof start>): Promise<{ code: number | null; out: string; err: string }> {
  const child = start(...given);
  let [out, err] = ["", ""];
  child.stdout?.on("data", (chunk) => (out += chunk));
  child.stderr?.on("data", (chunk) => (err += chunk));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, out, err };
}

const count = (name: string): number => {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").length : 0;
};

/** Makes a file newer than the build, whatever the file system's resolution. */
const touch = (path: string) => utimesSync(path, new Date(Date.now() + 2000), new Date(Date.now() + 2000));

describe("./onvera on a fresh clone", () => {
  it("installs without scripts, builds, says so, and runs the command", async () => {
    const { code, out, err } = await run(["list", "--name", "a b"]);
    expect(JSON.parse(out)).toEqual({ source: "first", args: ["list", "--name", "a b"], cwd: folder });
    expect(err).toContain("Installing dependencies (about 60 s)...");
    expect(readFileSync(join(folder, "installs"), "utf8")).toContain("npm ci --ignore-scripts");
    expect(code).toBe(0);
  });

  it("prepares once when two start at the same time", async () => {
    const both = await Promise.all([run(["one"]), run(["two"])]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect([count("installs"), count("builds")]).toEqual([1, 1]);
  });

  it("goes on after an installation that failed, and shows why it did", async () => {
    writeFileSync(join(folder, "offline"), "");
    const failed = await run(["list"]);
    expect(failed.code).toBe(1);
    expect(failed.err).toContain("npm error network");
    expect(failed.err).toContain("Check the network and the free disk space");
    rmSync(join(folder, "offline"));
    expect((await run(["list"])).code).toBe(0);
  });

  it("takes over the lock of a process that died", async () => {
    mkdirSync(join(root, "dist"));
    const gone = spawn("true");
    await new Promise((resolve) => gone.once("close", resolve));
    symlinkSync(String(gone.pid), join(root, "dist/.lock"));
    expect((await run(["list"])).code).toBe(0);
    expect(existsSync(join(root, "dist/.lock"))).toBe(false);
  });

  it("leaves no lock behind when it is interrupted", async () => {
    script("npm", `echo started >> "${folder}/installs"; exec sleep 60`);
    const child = start(["list"]);
    await new Promise<void>((resolve) =>
      child.stderr?.on("data", (chunk) => String(chunk).includes("Installing") && resolve()),
    );
    const closed = new Promise((resolve) => child.once("close", resolve));
    child.kill("SIGTERM");
    expect(await closed).toBe(143);
    expect(existsSync(join(root, "dist/.lock"))).toBe(false);
  });
});

describe("./onvera afterwards", () => {
  beforeEach(async () => {
    await run(["first"]);
  });

  it("neither installs nor builds when nothing changed", async () => {
    expect((await run(["list"])).err).toBe("");
    expect([count("installs"), count("builds")]).toEqual([1, 1]);
  });

  it("builds when a source changed", async () => {
    writeFileSync(join(root, "src/main.ts"), "second");
    touch(join(root, "src/main.ts"));
    expect(JSON.parse((await run(["x"])).out)).toMatchObject({ source: "second" });
  });

  it("builds when a source was deleted", async () => {
    writeFileSync(join(root, "src/other.ts"), "");
    await run(["x"]);
    const before = count("builds");
    rmSync(join(root, "src/other.ts"));
    touch(join(root, "src"));
    await run(["x"]);
    expect(count("builds")).toBe(before + 1);
  });

  it("installs when the lock file changed", async () => {
    writeLock("2.0.0");
    await run(["x"]);
    expect(count("installs")).toBe(2);
  });

  it("takes an installation npm made by itself for what it is", async () => {
    rmSync(join(root, "node_modules/.onvera-lock"));
    expect((await run(["x"])).code).toBe(0);
    expect(count("installs")).toBe(1);
    expect(existsSync(join(root, "node_modules/.onvera-lock"))).toBe(true);
  });

  it("shows why a build failed and keeps the old one from running", async () => {
    writeFileSync(join(root, "src/main.ts"), "broken");
    touch(join(root, "src/main.ts"));
    const { code, out, err } = await run(["x"]);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("src/main.ts: does not compile");
  });

  it("works through a symbolic link, from any folder", async () => {
    const link = join(folder, "bin/onvera");
    symlinkSync("../checkout/onvera", link);
    const { out } = await run(["x"], { path: link, cwd: "/" });
    expect(JSON.parse(out)).toMatchObject({ source: "first", cwd: "/" });
  });

  it("works without HOME", async () => {
    expect((await run(["x"], { env: { HOME: "" } })).code).toBe(0);
  });

  it("runs a build it may not renew", async () => {
    touch(join(root, "src/main.ts"));
    chmodSync(join(root, "dist"), 0o555);
    // Root may write anywhere, so it stands in for nobody here.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chmodSync(folder, 0o755);
    const { code, err } = await run(["x"], isRoot ? { uid: NOBODY } : {});
    chmodSync(join(root, "dist"), 0o755);
    expect(code).toBe(0);
    expect(err).toContain("cannot be written");
  });
});

describe("./onvera with another Node.js", () => {
  it.each(["v18.20.4", "v20.18.3"])("refuses %s with what it needs", async (version) => {
    script("node", `echo ${version}`);
    const { code, err } = await run(["list"]);
    expect(code).toBe(1);
    expect(err).toContain(`Node.js ${version} is too old.`);
    expect(err).toContain("20.19 or newer");
  });

  it("says so where there is none", async () => {
    const { code, err } = await run(["list"], { env: { PATH: `${bin}:/nowhere` } });
    expect(code).not.toBe(0);
    expect(err).toContain("Node.js is not installed.");
  });
});
