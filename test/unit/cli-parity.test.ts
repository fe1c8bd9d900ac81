import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { routes } from "../../src/cli/api/api-routes.ts";
import { allCommands } from "../../src/cli/commands/table.ts";
import { ownAffairs, parity } from "../../src/cli/parity.ts";

const document = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8")) as {
  paths: Record<string, Record<string, { operationId: string }>>;
};
const documented = Object.values(document.paths).flatMap((item) =>
  ["get", "post", "put", "patch", "delete"].flatMap((method) => item[method]?.operationId ?? []),
);

describe("ON-25: the CLI and the API reach the same things", () => {
  it("knows exactly the operations of openapi.json", () => {
    expect(Object.keys(routes).sort()).toEqual([...documented].sort());
  });

  it("has a command for every route", () => {
    expect(parity().unreached).toEqual([]);
  });

  it("has a route for every command, or a reason why not", () => {
    expect(parity().unexplained).toEqual([]);
  });

  it("gives a reason only for commands there are", () => {
    const paths = allCommands.map(({ path }) => path);
    expect(Object.keys(ownAffairs).filter((path) => !paths.includes(path))).toEqual([]);
  });
});

describe("every command", () => {
  it.each(allCommands.map(({ path, spec }) => ({ path, spec })))(
    "$path has examples and a summary of one line",
    ({ path, spec }) => {
      expect(spec.examples.length).toBeGreaterThan(0);
      expect(spec.summary).toMatch(/^[^\n.]{5,90}$/);
      expect(spec.examples.some(({ line }) => line.includes(`onvera ${path}`))).toBe(true);
    },
  );

  it.each(allCommands.map(({ path, spec }) => ({ path, spec })))("$path can be loaded", async ({ spec }) => {
    expect(typeof (await spec.load()).run).toBe("function");
  });
});
