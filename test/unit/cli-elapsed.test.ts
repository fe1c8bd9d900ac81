import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { age, elapsed, parseDuration } from "../../src/cli/output/elapsed.ts";

describe("elapsed time as the documented status lines write it", () => {
  it.each([
    [0, "0s"],
    [15_000, "15s"],
    [45_999, "45s"],
    [59_999, "59s"],
    [60_000, "1m 0s"],
    [134_000, "2m 14s"],
    [212_000, "3m 32s"],
    [3_600_000, "1h 0m"],
    [-5, "0s"],
  ])("%d ms is %s", (milliseconds, text) => {
    expect(elapsed(milliseconds)).toBe(text);
  });

  it("never goes back while time goes on", () => {
    const seconds = (text: string) =>
      [...text.matchAll(/(\d+)([hms])/g)].reduce(
        (sum, [, n, unit]) => sum + Number(n) * { h: 3600, m: 60, s: 1 }[unit as "h" | "m" | "s"],
        0,
      );
    fc.assert(
      fc.property(fc.nat(200_000_000), fc.nat(1_000_000), (from, more) => {
        expect(seconds(elapsed(from + more))).toBeGreaterThanOrEqual(seconds(elapsed(from)));
      }),
    );
  });
});

describe("age", () => {
  it.each([
    [5_000, "5s"],
    [180_000, "3m"],
    [7_200_000, "2h"],
    [12 * 86_400_000, "12d"],
  ])("%d ms is %s", (milliseconds, text) => {
    expect(age(milliseconds)).toBe(text);
  });
});

describe("lengths of time on the command line", () => {
  it.each([
    ["90", 90],
    ["90s", 90],
    ["15m", 900],
    ["1h", 3600],
    ["1h30m", 5400],
  ])("%s is %d seconds", (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each(["", "soon", "1d", "-5", "5 m", "m"])("%j is none", (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});
