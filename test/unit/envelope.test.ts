import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SealError, seal, unseal } from "../../src/domain/envelope.ts";
import { loadMasterKey, masterKeyFrom } from "../../src/store/crypto/master-key.ts";

const key = { id: "k1", key: randomBytes(32) };

describe("sealing", () => {
  it("opens what it sealed, whatever it was", () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        (text, place) => unseal(key, seal(key, text, place), place).toString() === text,
      ),
    );
  });

  it("never gives the same bytes twice, and shows nothing of the text", () => {
    const first = seal(key, "canary-canary", "t|o|n|1");
    expect(first.ct).not.toBe(seal(key, "canary-canary", "t|o|n|1").ct);
    expect(JSON.stringify(first)).not.toContain(Buffer.from("canary").toString("base64").slice(0, 6));
  });

  it("refuses another place, another key, and any changed byte", () => {
    const sealed = seal(key, "secret", "custody|a|b|1");
    expect(() => unseal(key, sealed, "custody|a|b|2")).toThrow(SealError);
    expect(() => unseal({ id: "k1", key: randomBytes(32) }, sealed, "custody|a|b|1")).toThrow(SealError);
    expect(() => unseal({ ...key, id: "k2" }, sealed, "custody|a|b|1")).toThrow(SealError);
    for (const part of ["iv", "tag", "ct"] as const) {
      const bytes = Buffer.from(sealed[part], "base64");
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      expect(() => unseal(key, { ...sealed, [part]: bytes.toString("base64") }, "custody|a|b|1")).toThrow(SealError);
    }
    const short = Buffer.from(sealed.tag, "base64").subarray(0, 4).toString("base64");
    expect(() => unseal(key, { ...sealed, tag: short }, "custody|a|b|1")).toThrow(SealError);
  });
});

describe("the master key", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), "onvera-key-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("is made on the first run, readable by its owner only, and found again", async () => {
    const defaultFile = path.join(folder, "deep", "master-key");
    const first = await loadMasterKey({ defaultFile });
    expect((await stat(defaultFile)).mode & 0o777).toBe(0o600);
    expect((await loadMasterKey({ defaultFile })).key).toEqual(first.key);
    expect(first.id).toMatch(/^mk_[0-9a-f]{16}$/);
  });

  it("is one key, also when several processes start at once", async () => {
    const defaultFile = path.join(folder, "race");
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadMasterKey({ defaultFile })));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
  });

  it("comes from the environment first, in base64 or hex", async () => {
    const bytes = randomBytes(32);
    const defaultFile = path.join(folder, "unused");
    for (const value of [bytes.toString("base64"), bytes.toString("hex"), ` ${bytes.toString("hex")}\n`]) {
      expect((await loadMasterKey({ value, defaultFile })).key).toEqual(bytes);
    }
    await expect(stat(defaultFile)).rejects.toThrow();
  });

  it("is refused when others can read it, when it is too short, and when a named file is missing", async () => {
    const file = path.join(folder, "open");
    await loadMasterKey({ defaultFile: file });
    await chmod(file, 0o644);
    await expect(loadMasterKey({ defaultFile: file })).rejects.toThrow(/chmod 600/);
    expect(() => masterKeyFrom("c2hvcnQ=", "ONVERA_MASTER_KEY")).toThrow(/32 bytes/);
    await expect(loadMasterKey({ file: path.join(folder, "none"), defaultFile: file })).rejects.toThrow(/ENOENT/);
    expect(await readFile(file, "utf8")).not.toBe("");
  });
});
