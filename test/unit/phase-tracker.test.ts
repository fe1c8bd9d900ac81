/** What the worker records of a running engine: every phase that had work, in order, none twice (ON-33, ON-37, TN-6). */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResourceEvent } from "../../src/automation/events.ts";
import { createPhaseTracker } from "../../src/automation/worker/phase-tracker.ts";
import { type CreatePhase, createPhases } from "../../src/domain/phases.ts";
import { resourcePhase } from "../../src/domain/resource-phases.ts";

const DATABASE = "onvera:deployment:Database";
const NETWORK = "onvera:deployment:Network";

function event(name: string, type: string, state: ResourceEvent["state"], changes: Partial<ResourceEvent> = {}) {
  const component = type === DATABASE || type === NETWORK;
  const facts = { kind: "resource", planned: false, action: "create", op: "create", replaceKeys: [], diffKeys: [] };
  return { ...facts, urn: `urn::${type}::${name}`, type, name, state, component, ...changes } as ResourceEvent;
}

/** What is recorded of these events, from the start of the engine to the app's last phase. */
function recorded(events: readonly ResourceEvent[], healthy = false): CreatePhase[] {
  const tracker = createPhaseTracker("initializing", healthy);
  return ["initializing", ...events.flatMap((one) => tracker.see(one)), ...tracker.reach("ready")];
}

describe("the recorded phases of a first deploy", () => {
  it("hold the infrastructure's, also where it was done before the database was (ON-33)", () => {
    const events = [
      event("db", DATABASE, "started"),
      event("identity", "onvera:local:Identity", "started"),
      event("database", "postgresql:index/database:Database", "started"),
      event("identity", "onvera:local:Identity", "done"),
      event("database", "postgresql:index/database:Database", "done"),
      event("db", DATABASE, "done"),
      event("network", NETWORK, "done"),
      event("package", "onvera:local:Package", "started"),
    ];
    const phases = ["initializing", "provisioning_db", "provisioning_infra", "bootstrapping_app", "ready"];
    expect(recorded(events)).toEqual(phases);
  });

  it("stay at the one whose resource failed", () => {
    const tracker = createPhaseTracker("initializing", true);
    tracker.see(event("identity", "onvera:local:Identity", "started"));
    tracker.see(event("identity", "onvera:local:Identity", "failed"));
    expect(tracker.current()).toBe("provisioning_infra");
  });

  const types = [
    "random:index/randomPassword:RandomPassword",
    "postgresql:index/role:Role",
    "postgresql:index/database:Database",
    "onvera:local:Identity",
    "onvera:local:Ports",
    "onvera:local:Package",
    "onvera:local:Job",
    "onvera:local:Process",
    "onvera:local:Route",
  ];
  const twice = [DATABASE, NETWORK, ...types].flatMap((type) => [type, type]);
  /** The first time a type comes up it begins, the second time it ends. */
  const asEvents = (order: readonly string[]) => {
    const begun = new Set<string>();
    return order.map((type) => {
      const state = begun.has(type) ? "done" : "started";
      begun.add(type);
      return event("it", type, state);
    });
  };

  it("never go back or repeat, and hold database and infrastructure, in any interleaving (ON-32, ON-33, ON-37)", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(twice, { minLength: twice.length }), (order) => {
        const phases = recorded(asEvents(order));
        expect(phases).toEqual(createPhases.filter((phase) => phases.includes(phase)));
        expect(phases).toEqual(expect.arrayContaining(["provisioning_db", "provisioning_infra"]));
      }),
    );
  });

  it("are each phase that had work, however soon it was done beside the others (ON-31 to ON-36)", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(types, { minLength: 1 }), fc.shuffledSubarray(types), (begun, ended) => {
        const order = [DATABASE, NETWORK, ...begun, ...ended.filter((type) => begun.includes(type)), NETWORK, DATABASE];
        const worked = begun.map((type) => resourcePhase(type));
        const phases = createPhases.filter((phase) => phase.startsWith("provisioning_") || worked.includes(phase));
        const expected = ["initializing", ...phases.filter((phase) => phase !== "initializing"), "ready"];
        expect(recorded(asEvents(order))).toEqual(expected);
      }),
    );
  });
});

describe("the recorded phases of a change", () => {
  it("are those of what it changes, not of what it finds as it was", () => {
    const same = { action: "same", op: "same" } as const;
    const events = [
      event("database", "postgresql:index/database:Database", "started", same),
      event("database", "postgresql:index/database:Database", "done", same),
      event("web", "onvera:local:Process", "started", { action: "update", op: "update" }),
      event("web", "onvera:local:Process", "done", { action: "update", op: "update" }),
    ];
    expect(recorded(events, true)).toEqual(["initializing", "bootstrapping_app", "ready"]);
  });

  it("are none for what is only planned", () => {
    expect(recorded([event("web", "onvera:local:Process", "started", { planned: true })], true)).toEqual([
      "initializing",
      "ready",
    ]);
  });
});
