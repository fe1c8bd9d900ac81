import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesVerifier, scramVerifier } from "../../src/providers/postgresql/scram.ts";
import { identifier, literal } from "../../src/providers/postgresql/sql-text.ts";
import { randomCharacters } from "../../src/providers/random/characters.ts";

const count = (text: string, pattern: RegExp) => [...text].filter((one) => pattern.test(one)).length;

describe("random characters", () => {
  it("have the wanted length, only allowed classes, and at least the minimum of each", () => {
    const rules = fc.record({
      lower: fc.boolean(),
      upper: fc.boolean(),
      numeric: fc.boolean(),
      special: fc.boolean(),
      minLower: fc.nat(3),
      minUpper: fc.nat(3),
      minNumeric: fc.nat(3),
      minSpecial: fc.nat(3),
      extra: fc.nat(20),
    });
    fc.assert(
      fc.property(rules, ({ extra, ...wanted }) => {
        fc.pre(wanted.lower || wanted.upper || wanted.numeric || wanted.special);
        const minimum = wanted.minLower + wanted.minUpper + wanted.minNumeric + wanted.minSpecial;
        fc.pre(minimum + extra > 0);
        const text = randomCharacters({ ...wanted, length: minimum + extra });
        expect(text).toHaveLength(minimum + extra);
        for (const [allowed, least, pattern] of [
          [wanted.lower, wanted.minLower, /[a-z]/],
          [wanted.upper, wanted.minUpper, /[A-Z]/],
          [wanted.numeric, wanted.minNumeric, /[0-9]/],
          [wanted.special, wanted.minSpecial, /[^a-zA-Z0-9]/],
        ] as const) {
          expect(count(text, pattern)).toBeGreaterThanOrEqual(least);
          if (!allowed) expect(count(text, pattern)).toBe(least);
        }
      }),
    );
  });

  it("are refused when no class is allowed or the minimums do not fit", () => {
    const none = {
      lower: false,
      upper: false,
      numeric: false,
      special: false,
      minLower: 0,
      minUpper: 0,
      minNumeric: 0,
      minSpecial: 0,
    };
    expect(() => randomCharacters({ ...none, length: 8 })).toThrow("At least one kind of character");
    expect(() => randomCharacters({ ...none, lower: true, minLower: 9, length: 8 })).toThrow("length is 8");
  });
});

describe("a password's verifier", () => {
  it("is matched by that password alone and does not hold it", async () => {
    const verifier = await scramVerifier("correct horse");
    expect(verifier).toMatch(/^SCRAM-SHA-256\$4096:/);
    expect(verifier).not.toContain("correct horse");
    expect(await matchesVerifier("correct horse", verifier)).toBe(true);
    expect(await matchesVerifier("battery staple", verifier)).toBe(false);
    expect(await matchesVerifier("correct horse", "md5abcdef")).toBe(false);
  });
});

describe("names and texts in statements", () => {
  it("cannot end their own quotation", () => {
    expect(identifier('a"; DROP')).toBe('"a""; DROP"');
    expect(literal("it's")).toBe("'it''s'");
    expect(literal("back\\slash'")).toBe("E'back\\\\slash'''");
  });
});
