import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { About } from "../../src/local/backup/entries.ts";
import { homeFiles } from "../../src/local/backup/home-files.ts";
import { readBackup } from "../../src/local/backup/read-backup.ts";
import { adaptRecords, movedUid } from "../../src/local/backup/restored-records.ts";
import { openStream, sealStream } from "../../src/local/backup/sealed-stream.ts";
import { writeBackup } from "../../src/local/backup/write-backup.ts";
import { segments } from "../../src/local/postgres/base-copy.ts";
import { firstUidOf } from "../../src/local/supervisor/uid-leases.ts";

// Each passphrase tried costs half a second on purpose.
vi.setConfig({ testTimeout: 60_000 });

const passphrase = "correct horse battery";
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "onvera-backup-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function* pieces(...all: Buffer[]) {
  yield* all;
}
async function collected(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of stream) all.push(piece);
  return Buffer.concat(all);
}
const opened = (sealed: Buffer, secret = passphrase) => collected(openStream(pieces(sealed), secret));

describe("a sealed stream", () => {
  it("opens to what went in, whatever its length, and shows nothing of it", async () => {
    for (const size of [0, 1024 * 1024, 2 * 1024 * 1024 + 17]) {
      const content = Buffer.alloc(size, "canary");
      const sealed = await collected(sealStream(pieces(content.subarray(0, 5), content.subarray(5)), passphrase));
      expect((await opened(sealed)).equals(content)).toBe(true);
      expect(sealed.includes("canary")).toBe(false);
    }
  });

  it("refuses another passphrase, and any byte changed, taken away, added or put elsewhere", async () => {
    const sealed = await collected(sealStream(pieces(randomBytes(3 * 1024 * 1024)), passphrase));
    await expect(opened(sealed, "another one")).rejects.toThrow(/another passphrase/);
    const changedAt = (at: number) => {
      const copy = Buffer.from(sealed);
      copy[at] = (copy[at] ?? 0) ^ 1;
      return copy;
    };
    for (const at of [0, 20, 40, 48, 50, 1024 * 1024 + 70]) {
      await expect(opened(changedAt(at)), `byte ${at}`).rejects.toThrow(/damaged|does not open/);
    }
    for (const length of [3, 47, sealed.length - 1]) {
      await expect(opened(sealed.subarray(0, length))).rejects.toThrow(/damaged/);
    }
    await expect(opened(Buffer.concat([sealed, Buffer.from("x")]))).rejects.toThrow(/added to its end/);
    const chunk = 5 + 1024 * 1024 + 16;
    const swapped = [
      sealed.subarray(0, 48),
      sealed.subarray(48 + chunk, 48 + 2 * chunk),
      sealed.subarray(48, 48 + chunk),
    ];
    await expect(opened(Buffer.concat([...swapped, sealed.subarray(48 + 2 * chunk)]))).rejects.toThrow(/was changed/);
  });
});

describe("a backup of a home", () => {
  const about = (home: string): About => ({
    format: 1,
    onvera_version: "0.0.0",
    created_at: "2026-01-01T00:00:00Z",
    home,
    is_root: process.geteuid?.() === 0,
    postgres_major: null,
    database_name: "onvera",
  });

  async function madeBackup(name: string): Promise<{ home: string; file: string }> {
    const home = path.join(folder, name);
    for (const each of [
      "secrets",
      "run",
      "operations/op_1",
      "deployments/dep_1/data",
      "deployments/dep_1/tmp",
      "supervisor/runs",
    ])
      await mkdir(path.join(home, each), { recursive: true });
    await writeFile(path.join(home, "secrets", "master-key"), "key", { mode: 0o600 });
    await writeFile(path.join(home, "deployments/dep_1/data/dag.py"), "print(1)\n".repeat(200_000));
    await symlink("/etc", path.join(home, "deployments/dep_1/data/link"));
    for (const passing of ["run/pid", "operations/op_1/x", "deployments/dep_1/tmp/x", "supervisor/runs/x", "a.lock"])
      await writeFile(path.join(home, passing), "of this moment");
    const file = path.join(folder, `${name}.backup`);
    await writeBackup({ to: file, passphrase, about: about(home), sources: homeFiles(home) });
    return { home, file };
  }
  const restored = (from: string, home: string, changes = {}) =>
    readBackup({ from, passphrase, home, check: () => undefined, adapt: async () => undefined, ...changes });

  it("comes back with content, modes and links, without what is of one moment, and from nothing but the file", async () => {
    const { home, file } = await madeBackup("first");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await rm(home, { recursive: true });
    const target = path.join(folder, "elsewhere", "home");
    const result = await restored(file, target);
    expect(result.files).toBe(2);
    expect((await stat(path.join(target, "secrets/master-key"))).mode & 0o777).toBe(0o600);
    expect(await readFile(path.join(target, "deployments/dep_1/data/dag.py"), "utf8")).toBe(
      "print(1)\n".repeat(200_000),
    );
    expect((await readdir(target)).sort()).toEqual(["deployments", "secrets", "supervisor"]);
    expect(await readdir(path.join(target, "deployments/dep_1"))).toEqual(["data"]);
    expect(await readdir(path.dirname(target))).toEqual(["home"]);
  });

  it("is put in place whole or not at all, and never over something", async () => {
    const { file } = await madeBackup("second");
    const target = path.join(folder, "whole");
    const faults: [object, RegExp][] = [
      [{ passphrase: "another one" }, /another passphrase/],
      [
        {
          check: () => {
            throw new Error("too new");
          },
        },
        /too new/,
      ],
      [
        {
          adapt: async () => {
            throw new Error("killed here");
          },
        },
        /killed here/,
      ],
    ];
    for (const [changes, message] of faults) {
      await expect(restored(file, target, changes)).rejects.toThrow(message);
      await expect(stat(target)).rejects.toThrow(/ENOENT/);
    }
    const bytes = await readFile(file);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    await writeFile(`${file}.damaged`, bytes);
    await expect(restored(`${file}.damaged`, target)).rejects.toThrow(/damaged/);
    expect((await readdir(folder)).filter((name) => name.startsWith(".whole"))).toEqual([]);
    // What a killed restore left is no installation, and the next one clears it.
    await mkdir(path.join(folder, ".whole.restore-left"));
    await mkdir(target);
    await restored(file, target);
    expect((await readdir(folder)).filter((name) => name.startsWith(".whole"))).toEqual([]);
    await expect(restored(file, target)).rejects.toThrow(/something in it already/);
    await expect(writeBackup({ to: file, passphrase, about: about(""), sources: homeFiles(target) })).rejects.toThrow(
      /there already/,
    );
  });

  it("gives deployments user ids of the new home's range, and lets nothing start from what it remembers", async () => {
    const draft = path.join(folder, "records");
    const homes = { before: "/srv/a", after: "/srv/b" };
    const uid = firstUidOf("/srv/a") + 3;
    await mkdir(path.join(draft, "supervisor/deployments"), { recursive: true });
    const file = path.join(draft, "supervisor/deployments/dep_1.json");
    const kept = { jobs: { $sealed: {} }, sourceCommit: "abc" };
    await writeFile(
      file,
      JSON.stringify({
        deploymentId: "dep_1",
        uid,
        gid: uid,
        home: "/srv/a/deployments/dep_1",
        processes: { web: {} },
        ...kept,
      }),
    );
    await writeFile(path.join(draft, "supervisor/uids.json"), JSON.stringify({ next: uid + 1 }));
    await adaptRecords(draft, homes);
    const record = JSON.parse(await readFile(file, "utf8"));
    expect(record).toMatchObject({
      home: "/srv/b/deployments/dep_1",
      uid: firstUidOf("/srv/b") + 3,
      processes: {},
      ports: {},
      ...kept,
    });
    expect(JSON.parse(await readFile(path.join(draft, "supervisor/uids.json"), "utf8")).next).toBe(
      firstUidOf("/srv/b") + 4,
    );
    expect([0, 1000].map(movedUid("/srv/a", "/srv/b"))).toEqual([0, 1000]);
  });
});

it("names the write-ahead log's files from the first to the last, across the end of a log", () => {
  const label = "START WAL LOCATION: 0/FE000028 (file 0000000100000000000000FE)\n";
  expect(segments({ label, last: "000000010000000100000001", segment: 16 * 1024 * 1024 })).toEqual([
    "0000000100000000000000FE",
    "0000000100000000000000FF",
    "000000010000000100000000",
    "000000010000000100000001",
  ]);
});
