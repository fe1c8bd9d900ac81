import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createPhases } from "../../src/domain/phases.ts";
import { currentPhase, resourcePhase } from "../../src/domain/resource-phases.ts";

describe("the phase of a resource (TN-6)", () => {
  it.each([
    ["postgresql:index/database:Database", "provisioning_db"],
    ["onvera:local:Identity", "provisioning_infra"],
    ["onvera:local:Process", "bootstrapping_app"],
    ["onvera:local:Route", "configuring_subdomain"],
  ])("%s belongs to %s (ON-31 to ON-36)", (type, phase) => {
    expect(resourcePhase(type)).toBe(phase);
  });

  it("is a job's own where the job names one, and never a word that is no phase (ON-34)", () => {
    expect(resourcePhase("onvera:local:Job", { phase: "running_migrations" })).toBe("running_migrations");
    expect(resourcePhase("onvera:local:Job", { phase: "making_tea" })).toBe("bootstrapping_app");
    const metadata = { annotations: { "onvera.dev/phase": "running_migrations" } };
    expect(resourcePhase("kubernetes:batch/v1:Job", { metadata })).toBe("running_migrations");
    expect(resourcePhase("kubernetes:batch/v1:Job", { metadata: {} })).toBe("bootstrapping_app");
  });

  it("does not exist for components, providers and the stack", () => {
    for (const type of ["onvera:deployment:Compute", "pulumi:providers:random", "pulumi:pulumi:Stack", "toString"]) {
      expect(resourcePhase(type, { phase: "ready" })).toBeUndefined();
    }
  });
});

describe("the phase of a running operation (TN-6)", () => {
  const phase = fc.constantFrom(...createPhases);

  it("is the lowest unfinished one", () => {
    const view = { unfinished: ["provisioning_infra", "provisioning_db"] as const, healthy: false };
    expect(currentPhase({ ...view, previous: "initializing" })).toBe("provisioning_db");
  });

  it("stays when nothing is unfinished", () => {
    expect(currentPhase({ unfinished: [], previous: "provisioning_db", healthy: false })).toBe("provisioning_db");
  });

  it("does not speak of the subdomain before the app was seen to answer (ON-35)", () => {
    const view = { unfinished: ["configuring_subdomain"] as const, previous: "bootstrapping_app" as const };
    expect(currentPhase({ ...view, healthy: false })).toBe("bootstrapping_app");
    expect(currentPhase({ ...view, healthy: true })).toBe("configuring_subdomain");
  });

  it("never goes back, whatever begins and ends (ON-37)", () => {
    fc.assert(
      fc.property(fc.array(fc.array(phase)), fc.boolean(), (history, healthy) => {
        let previous = currentPhase({ unfinished: [], previous: "initializing", healthy });
        for (const unfinished of history) {
          const next = currentPhase({ unfinished, previous, healthy });
          expect(createPhases.indexOf(next)).toBeGreaterThanOrEqual(createPhases.indexOf(previous));
          previous = next;
        }
      }),
    );
  });
});
