import { describe, expect, it } from "vitest";
import { programFor } from "../../src/stacks/program-for.ts";
import { input, names, spec } from "./fixtures.ts";
import { record } from "./recorder.ts";

const bench = (version: string, count?: number, protect = true) =>
  input({
    identity: { ...input().identity, appType: "bench" },
    spec: spec({ version, bench_resources: count }),
    workload: null,
    options: { protect, adopt: {} },
  });
const run = async (...args: Parameters<typeof bench>) => record(await programFor(bench(...args), { testApps: true }));

describe("the bench program", () => {
  it.each([0, 1, 40])("makes %i items and nothing else", async (count) => {
    const { resources, outputs } = await run("items", count);
    expect(resources.map(({ type }) => type)).toEqual(Array(count).fill("onvera:bench:Item"));
    expect(new Set(resources.map(({ name }) => name)).size).toBe(count);
    expect(outputs).toEqual({ version: "items", resources: count });
  });

  it("makes six real PostgreSQL resources for the crash matrix, protected like a customer's (NH-05)", async () => {
    const { resources } = await run("database");
    expect(resources.map(({ type, name, protect }) => `${name} ${type.split(":").pop()} ${protect}`).sort()).toEqual([
      "bench-first-db Database true",
      "bench-first-public Grant undefined",
      "bench-login Role true",
      "bench-owner Role true",
      "bench-second-db Database true",
      "bench-second-public Grant undefined",
    ]);
    expect(resources.find(({ name }) => name === "bench-first-db")?.inputs.name).toBe(names.database);
    expect((await run("database", undefined, false)).resources.filter(({ protect }) => protect)).toEqual([]);
  });

  it("refuses a version it does not have, naming those it has", async () => {
    await expect(programFor(bench("6.1.0"), { testApps: true })).rejects.toThrow("it has items and database");
  });
});
