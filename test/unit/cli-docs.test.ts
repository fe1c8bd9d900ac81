import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allCommands } from "../../src/cli/commands/table.ts";
import { exitCodeMeanings } from "../../src/cli/exit-codes.ts";

const text = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");

describe("docs/cli.md", () => {
  it.each(allCommands.map(({ path }) => path))("tells of onvera %s", (path) => {
    const [first = "", second] = path.split(" ");
    // A row may name several commands of one group: `onvera ops list`, `get`, `wait`.
    const rows = text.split("\n").filter((line) => new RegExp(`onvera ${first}\\b`).test(line));
    expect(rows.some((row) => second === undefined || new RegExp(`[\`, ]${second}\\b`).test(row))).toBe(true);
  });

  it.each(exitCodeMeanings.map(([code]) => code))("lists exit code %d", (code) => {
    expect(text).toContain(`| ${code} | `);
  });
});
