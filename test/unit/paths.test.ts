import { chmod, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type OnveraPaths, type PathOptions, resolvePaths } from "../../src/local/paths.ts";
import { ownFolder, prepareFolders } from "../../src/local/prepare-folders.ts";

const user: PathOptions = { environment: {}, uid: 1000, homeFolder: () => "/home/ada", temporaryFolder: "/tmp" };

function everyPath(paths: OnveraPaths): string[] {
  const { postgres, isRoot: _, ...rest } = paths;
  return [...Object.values(rest), ...Object.values(postgres)];
}

describe("resolvePaths", () => {
  it("keeps root's data where other uids can pass, never in root's closed home (design §7)", () => {
    const paths = resolvePaths({ ...user, uid: 0, homeFolder: () => "/root" });
    expect(paths.home).toBe("/var/lib/onvera");
    expect(paths.cache).toBe("/var/cache/onvera");
    expect(everyPath(paths).filter((folder) => !/^\/var\/(lib|cache)\/onvera/.test(folder))).toEqual([]);
  });

  it("follows the XDG folders of an ordinary user, ignoring relative ones", () => {
    expect(resolvePaths(user)).toMatchObject({
      home: "/home/ada/.local/state/onvera",
      cache: "/home/ada/.cache/onvera",
    });
    const environment = { XDG_STATE_HOME: "/data/state", XDG_CACHE_HOME: "relative" };
    expect(resolvePaths({ ...user, environment })).toMatchObject({
      home: "/data/state/onvera",
      cache: "/home/ada/.cache/onvera",
    });
  });

  it("lets ONVERA_HOME and ONVERA_CACHE override each on its own, without a home folder", () => {
    const homeFolder = () => {
      throw new Error("no such user");
    };
    const environment = { ONVERA_HOME: "/a", ONVERA_CACHE: "/b" };
    expect(resolvePaths({ ...user, homeFolder, environment })).toMatchObject({ home: "/a", cache: "/b" });
    expect(resolvePaths({ ...user, environment: { ONVERA_HOME: "/a" } })).toMatchObject({
      home: "/a",
      cache: "/home/ada/.cache/onvera",
    });
  });

  it("says what to set where no home folder can be told", () => {
    expect(() => resolvePaths({ ...user, homeFolder: () => "" })).toThrow(/Set ONVERA_HOME and ONVERA_CACHE/);
  });

  it.each([
    ["a long home", { ONVERA_HOME: `/${"x".repeat(200)}` }, "/tmp"],
    [
      "a long home and a session folder",
      { ONVERA_HOME: `/${"x".repeat(200)}`, XDG_RUNTIME_DIR: "/run/user/1000" },
      "/tmp",
    ],
    ["a long home and a long temporary folder", { ONVERA_HOME: `/${"x".repeat(200)}` }, `/${"t".repeat(120)}`],
    ["a home in wide letters", { ONVERA_HOME: `/${"ü".repeat(60)}` }, "/tmp"],
  ])("keeps socket addresses below 100 bytes with %s", (_name, environment, temporaryFolder) => {
    const { run, postgres } = resolvePaths({ ...user, environment, temporaryFolder });
    expect(Buffer.byteLength(path.join(postgres.socketFolder, ".s.PGSQL.65535"))).toBeLessThan(100);
    expect(run).not.toContain("xxx");
  });

  it("gives two installations with long homes different socket folders", () => {
    const run = (letter: string) =>
      resolvePaths({ ...user, environment: { ONVERA_HOME: `/${letter.repeat(200)}` } }).run;
    expect(run("x")).not.toBe(run("y"));
  });
});

describe("prepareFolders", () => {
  const scratch: string[] = [];
  const newScratch = async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), "onvera-paths-"));
    scratch.push(folder);
    return folder;
  };
  afterEach(async () => {
    for (const folder of scratch.splice(0)) await rm(folder, { recursive: true, force: true });
  });

  it("closes secrets to everybody else, whatever the umask and the mode they had", async () => {
    const folder = await newScratch();
    const environment = { ONVERA_HOME: path.join(folder, "home"), ONVERA_CACHE: path.join(folder, "cache") };
    const paths = resolvePaths({ ...user, uid: process.geteuid?.(), environment });
    await prepareFolders(paths);
    await chmod(paths.secrets, 0o777);
    await prepareFolders(paths);
    const mode = async (at: string) => (await stat(at)).mode & 0o777;
    expect(await mode(paths.secrets)).toBe(0o700);
    expect(await mode(paths.revisions)).toBe(0o700);
    expect(await mode(paths.home)).toBe(paths.isRoot ? 0o711 : 0o700);
  });

  it("refuses a folder that is a link, as another user could have put one under /tmp", async () => {
    const folder = await newScratch();
    await symlink(os.homedir(), path.join(folder, "run"));
    await expect(ownFolder(path.join(folder, "run"), 0o700)).rejects.toMatchObject({ code: "folder-unusable" });
  });

  it("names the folder and the next step when it cannot be made", async () => {
    const folder = await newScratch();
    const at = path.join(folder, "file", "home");
    await writeFile(path.join(folder, "file"), "");
    await expect(ownFolder(at, 0o700)).rejects.toThrow(/file\/home cannot be used.*ONVERA_HOME/);
  });
});
