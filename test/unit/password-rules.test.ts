import { describe, expect, it } from "vitest";
import { passwordFault } from "../../src/domain/password-rules.ts";

describe("passwords that are refused", () => {
  it.each([
    "short",
    "password1234",
    "P@ssw0rd2024!",
    "Passw0rdPassw0rd",
    "qwertyuiop123",
    "123456789012",
    "aaaaaaaaaaaaaa",
    "abcabcabcabcabc",
    "Welcome2026!!",
    "adminadminadmin",
    "correcthorsebatterystaple",
    "Onvera-Superset-1",
  ])("%s", (password) => {
    expect(passwordFault(password)).toEqual(expect.any(String));
  });

  it("one made of the person's own name and address", () => {
    expect(passwordFault("annabelle.smith99", ["annabelle.smith@example.com", "Annabelle Smith"])).toBeDefined();
    expect(passwordFault("annabelle.smith99")).toBeUndefined();
  });
});

describe("passwords that are taken", () => {
  it.each(["vivid-otter-kneads-lamp", "T7#kq9!mzP2w", "ξυλόφωνο-και-βροχή", "maple quartz 88 heron"])(
    "%s",
    (password) => {
      expect(passwordFault(password)).toBeUndefined();
    },
  );
});
