import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SealError, seal, unseal } from "../../src/domain/envelope.ts";
import { writeKeyFile } from "../../src/store/crypto/key-file.ts";
import { keyLine, masterKeysFrom, newMasterKey, openKeyRing } from "../../src/store/crypto/master-key.ts";

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
    const [first] = (await openKeyRing({ defaultFile })).all();
    expect((await stat(defaultFile)).mode & 0o777).toBe(0o600);
    expect((await openKeyRing({ defaultFile })).all()).toEqual([first]);
    expect(first?.id).toMatch(/^mk_[0-9a-f]{16}$/);
  });

  it("is one key, also when several processes start at once", async () => {
    const defaultFile = path.join(folder, "race");
    const rings = await Promise.all(Array.from({ length: 8 }, () => openKeyRing({ defaultFile })));
    expect(new Set(rings.flatMap((ring) => ring.all().map(({ id }) => id))).size).toBe(1);
  });

  it("comes from the environment first, in base64 or hex", async () => {
    const bytes = randomBytes(32);
    const defaultFile = path.join(folder, "unused");
    for (const value of [bytes.toString("base64"), bytes.toString("hex"), ` ${bytes.toString("hex")}\n`]) {
      expect((await openKeyRing({ value, defaultFile })).all()[0]?.key).toEqual(bytes);
    }
    await expect(stat(defaultFile)).rejects.toThrow();
  });

  it("is found in a file that was changed after it was read, where an unknown key is asked for (NH-07)", async () => {
    const file = path.join(folder, "rotated");
    const [old, next] = [newMasterKey(), newMasterKey()];
    await writeFile(file, `${old.key.toString("hex")}\n`, { mode: 0o600 });
    const ring = await openKeyRing({ file, defaultFile: file });
    expect(ring.all()).toEqual([old]);
    await writeKeyFile(file, keyLine(next) + keyLine(old));
    expect(await ring.byId(next.id)).toEqual(next);
    expect(ring.all()).toEqual([next, old]);
    expect(await ring.byId("mk_0000000000000000")).toBeUndefined();
    expect(await readdir(folder)).not.toContainEqual(expect.stringMatching(/^rotated\./));
  });

  it("is refused when others can read it, when it is too short or misnamed, and when a named file is missing", async () => {
    const file = path.join(folder, "open");
    await openKeyRing({ defaultFile: file });
    await chmod(file, 0o644);
    await expect(openKeyRing({ defaultFile: file })).rejects.toThrow(/chmod 600/);
    expect(() => masterKeysFrom("c2hvcnQ=", "ONVERA_MASTER_KEY")).toThrow(/32 bytes/);
    expect(() => masterKeysFrom("", "ONVERA_MASTER_KEY")).toThrow(/32 bytes/);
    const misnamed = `${newMasterKey().id} ${newMasterKey().key.toString("base64")}`;
    expect(() => masterKeysFrom(misnamed, "the file")).toThrow(/is another one/);
    await expect(openKeyRing({ file: path.join(folder, "none"), defaultFile: file })).rejects.toThrow(/ENOENT/);
    expect(await readFile(file, "utf8")).not.toBe("");
  });
});
