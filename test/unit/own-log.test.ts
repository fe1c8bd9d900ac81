import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { setAsideWhenLarge } from "../../src/local/own-log.ts";

let folder: string;
let log: string;
let descriptor: number;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), "onvera-own-log-"));
  log = path.join(folder, "plane.log");
  descriptor = openSync(log, "a", 0o600);
});
afterEach(() => {
  closeSync(descriptor);
  rmSync(folder, { recursive: true });
});

const limits = { bytes: 100, kept: 2 };
const write = (text: string) => {
  writeSync(descriptor, text);
  setAsideWhenLarge(log, descriptor, limits);
};

it("sets a log aside while it is written to, and keeps no more than it may (R12)", () => {
  for (const letter of "abcd") write(`${letter.repeat(120)}\n`);
  write("now\n");
  expect(readdirSync(folder).sort()).toEqual(["plane.log", "plane.log.1", "plane.log.2"]);
  expect(readFileSync(log, "utf8")).toBe("now\n");
  expect(readFileSync(`${log}.1`, "utf8")).toContain("dddd");
  expect(readFileSync(`${log}.2`, "utf8")).toContain("cccc");
});

it("leaves a small log alone", () => {
  write("small\n");
  write("small\n");
  expect(readdirSync(folder)).toEqual(["plane.log"]);
});
