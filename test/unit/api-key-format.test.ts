import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { apiKeyHint, hashApiKey, looksLikeApiKey, newApiKey } from "../../src/domain/api-key-format.ts";

describe("API keys (ON-18)", () => {
  it("are onv_sk_live_ and fifty lower-case letters and digits, no two alike", () => {
    const keys = Array.from({ length: 200 }, () => newApiKey());
    for (const key of keys) expect(key).toMatch(/^onv_sk_live_[a-z0-9]{50}$/);
    expect(new Set(keys).size).toBe(200);
  });

  it("carry a checksum that finds any single wrong character", () => {
    const key = newApiKey();
    expect(looksLikeApiKey(key)).toBe(true);
    fc.assert(
      fc.property(
        fc.integer({ min: 12, max: 61 }),
        fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz0123456789"),
        (at, other) => {
          fc.pre(key[at] !== other);
          return !looksLikeApiKey(key.slice(0, at) + other + key.slice(at + 1));
        },
      ),
    );
  });

  it("nothing else looks like one", () => {
    fc.assert(fc.property(fc.string(), (text) => !looksLikeApiKey(text)));
    expect(looksLikeApiKey(`${newApiKey()}\n`)).toBe(false);
    expect(looksLikeApiKey(newApiKey().toUpperCase())).toBe(false);
  });

  it("are known by hash, and shown by their ends only", () => {
    const key = newApiKey();
    expect(hashApiKey(key)).toHaveLength(32);
    expect(apiKeyHint(key)).toBe(`${key.slice(0, 16)}…${key.slice(-4)}`);
  });
});
