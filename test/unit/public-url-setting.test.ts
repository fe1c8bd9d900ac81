import { expect, it } from "vitest";
import { publicUrlSetting } from "../../src/main/public-url-setting.ts";

it.each([
  ["https://onvera.example", "https://onvera.example"],
  ["https://onvera.example/", "https://onvera.example"],
  ["http://10.0.0.1:7600", "http://10.0.0.1:7600"],
  ["", undefined],
  [undefined, undefined],
])("ONVERA_PUBLIC_URL %o is taken as %o", (given, taken) => {
  expect(publicUrlSetting(given)).toBe(taken);
});

it.each([
  "onvera.example",
  "https://a.example/b",
  "ftp://a.example",
  "https://u:secret@a.example",
  "https://a.example/?x=1",
])("ONVERA_PUBLIC_URL %o stops the server at its start, and is not repeated (R8)", (given) => {
  expect(() => publicUrlSetting(given)).toThrow(/without a path/);
  expect(() => publicUrlSetting(given)).not.toThrow(/secret/);
});
