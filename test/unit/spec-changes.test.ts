import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DeploymentSpec } from "../../src/domain/deployment-spec.ts";
import { generatedName } from "../../src/domain/generated-name.ts";
import { publicUrl } from "../../src/domain/public-url.ts";
import { changedSpec, newSpec, type SettingsChanges, sameSpec } from "../../src/domain/spec-changes.ts";
import { specFaults } from "../../src/domain/spec-faults.ts";

const changes: fc.Arbitrary<SettingsChanges> = fc.record(
  {
    size: fc.constantFrom("small" as const, "medium" as const, "large" as const),
    replicas: fc.dictionary(fc.constantFrom("web", "scheduler"), fc.integer({ min: 0, max: 20 })),
    environment_variables: fc.dictionary(fc.string(), fc.option(fc.string())),
    requirements: fc.array(fc.constant("pandas>=2")),
    superset: fc.record({ config: fc.dictionary(fc.string(), fc.jsonValue()) }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

describe("specs", () => {
  it("a new one has the app's newest version, small, running, with the app's own settings", () => {
    expect(newSpec("superset", {})).toMatchObject({
      version: "6.1.0",
      size: "small",
      power_state: "running",
      superset: {},
    });
    expect(newSpec("airflow", {})).toMatchObject({ version: "3.3.2", airflow: { connections: {} } });
  });

  it("no change gives an equal spec, and a change applied twice is the change applied once", () => {
    const start = newSpec("superset", { environment_variables: { A: "1" } });
    expect(sameSpec(start, changedSpec(start, {}))).toBe(true);
    fc.assert(
      fc.property(changes, (wanted) => {
        const once = changedSpec(start, wanted);
        return sameSpec(once, changedSpec(once, wanted));
      }),
    );
  });

  it("a change leaves the spec it came from as it was", () => {
    const start = newSpec("superset", { environment_variables: { A: "1" } });
    const copy = structuredClone(start);
    fc.assert(fc.property(changes, (wanted) => void changedSpec(start, wanted)));
    expect(start).toEqual(copy);
  });

  it("the order of members makes no difference", () => {
    const a = newSpec("superset", { environment_variables: { A: "1", B: "2" } });
    const b = newSpec("superset", { environment_variables: { B: "2", A: "1" } });
    expect(sameSpec(a, b)).toBe(true);
    expect(sameSpec(a, newSpec("superset", { environment_variables: { A: "1", B: "3" } }))).toBe(false);
  });

  it("what is accepted is a valid spec", () => {
    expect(() => DeploymentSpec.parse(newSpec("airflow", { airflow: { variables: { a: "b" } } }))).not.toThrow();
  });

  it("null takes the DAG repository away, silence keeps it", () => {
    const dags = { url: "https://example.test/d.git", branch: "main", subdirectory: "" };
    const start = newSpec("airflow", { airflow: { dags } });
    expect(changedSpec(start, { airflow: { variables: { a: "b" } } }).airflow?.dags).toEqual(dags);
    expect(changedSpec(start, { airflow: { dags: null } }).airflow).not.toHaveProperty("dags");
  });

  it("faults name the field, and an update may not go back in versions", () => {
    const pointers = (faults: { pointer: string }[]) => faults.map(({ pointer }) => pointer);
    expect(pointers(specFaults("superset", newSpec("superset", { version: "1.0" })))).toEqual(["/version"]);
    const newest = newSpec("superset", {});
    const older = newSpec("superset", { version: "6.0.0" });
    expect(pointers(specFaults("superset", older, newest))).toEqual(["/version"]);
    expect(specFaults("superset", newest, older)).toEqual([]);
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`V${n}`, "x"]));
    expect(pointers(specFaults("superset", newSpec("superset", { environment_variables: many })))).toContain(
      "/environment_variables",
    );
  });
});

describe("names and addresses", () => {
  it("a made-up name starts with the app", () => {
    expect(generatedName("superset", () => 0)).toBe("superset-amber-badger");
    for (let n = 0; n < 50; n++) expect(generatedName("airflow")).toMatch(/^airflow-[a-z]+-[a-z]+$/);
  });

  it("the URL is http with the gateway's port on .localhost, https alone under a domain (TN-12)", () => {
    const settings = { gateway_http_port: 8080, gateway_https_port: 443 };
    expect(publicUrl("a-1", { kind: "local", domain: "localhost", settings })).toBe("http://a-1.localhost:8080");
    expect(publicUrl("a-1", { kind: "local", domain: "apps.example.com", settings })).toBe(
      "https://a-1.apps.example.com",
    );
    expect(publicUrl("a-1", { kind: "local", domain: "localhost", settings: { gateway_http_port: 80 } })).toBe(
      "http://a-1.localhost",
    );
    expect(publicUrl("a-1", { kind: "eks", domain: "x.io", settings: {} })).toBe("https://a-1.x.io");
  });
});
