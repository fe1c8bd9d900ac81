import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { withLock } from "../../src/local/lock-file.ts";
import { processIdentity } from "../../src/local/process-identity.ts";

describe("withLock", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "onvera-lock-"));
    file = path.join(folder, "lock");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Counts how many are inside at once while many want in. */
  async function crowd(size: number): Promise<number> {
    let [inside, most] = [0, 0];
    const visit = () =>
      withLock(file, {}, async () => {
        most = Math.max(most, ++inside);
        await wait(2);
        inside--;
      });
    await Promise.all(Array.from({ length: size }, visit));
    return most;
  }

  it("lets one in at a time and leaves nothing behind", async () => {
    expect(await crowd(8)).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it("takes a dead holder's lock over, one of many at a time", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await writeFile(file, JSON.stringify({ pid: child.pid, identity: "boot:1", token: "dead" }));
    expect(await crowd(8)).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it("removes what was left by one that was killed while it asked, and disturbs nobody who asks", async () => {
    await writeFile(`${file}.c9d57f52-318c-483c-a539-da394b0d1d7a`, "");
    expect(await crowd(8)).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it("does not take a pid that now belongs to somebody else for the holder", async () => {
    await writeFile(file, JSON.stringify({ pid: process.pid, identity: "earlier-boot:1", token: "dead" }));
    expect(await withLock(file, {}, async () => "in")).toBe("in");
  });

  it("takes over an empty lock file, as a power cut leaves it", async () => {
    await writeFile(file, "");
    expect(await withLock(file, {}, async () => "in")).toBe("in");
  });

  it("waits for a living holder in another process, says who that is, and gives up when canceled", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
    await once(child, "spawn");
    const identity = await processIdentity(child.pid ?? 0);
    await writeFile(file, JSON.stringify({ pid: child.pid, identity, token: "alive" }));
    const cancel = new AbortController();
    const holders: number[] = [];
    const waiting = withLock(
      file,
      {
        signal: cancel.signal,
        onWait: (pid) => {
          holders.push(pid);
          cancel.abort();
        },
      },
      async () => "in",
    );
    await expect(waiting).rejects.toMatchObject({ code: "canceled" });
    expect(holders).toEqual([child.pid]);
    expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ token: "alive" });
    child.stdin.end();
    await once(child, "exit");
    expect(await withLock(file, {}, async () => "in")).toBe("in");
  });

  it("releases when the work fails", async () => {
    await expect(withLock(file, {}, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await withLock(file, {}, async () => "in")).toBe("in");
  });
});

describe("processIdentity", () => {
  it("is stable for a living process, differs between two, and is absent for a dead one", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
    await once(child, "spawn");
    const pid = child.pid ?? 0;
    const first = await processIdentity(pid);
    expect(first).toBeTypeOf("string");
    expect(await processIdentity(pid)).toBe(first);
    expect(await processIdentity(process.pid)).not.toBe(first);
    child.stdin.end();
    await once(child, "exit");
    expect(await processIdentity(pid)).toBeUndefined();
  });
});
