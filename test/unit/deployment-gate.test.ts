import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { availableActions, deploymentActions, type GateFacts, refusal } from "../../src/domain/deployment-gate.ts";
import { deploymentStatuses } from "../../src/domain/deployment-status.ts";

const ready: GateFacts = {
  name: "d",
  status: "ready",
  powerState: "running",
  protected: false,
  hasDagSource: true,
  changing: null,
  destroying: null,
};

const anyFacts: fc.Arbitrary<GateFacts> = fc.record({
  name: fc.string(),
  status: fc.constantFrom(...deploymentStatuses),
  powerState: fc.constantFrom("running" as const, "stopped" as const),
  protected: fc.boolean(),
  hasDagSource: fc.boolean(),
  changing: fc.option(fc.constant({ id: "op_c", type: "deployment.update" })),
  destroying: fc.option(fc.constant({ id: "op_d" })),
});

describe("the gate", () => {
  it("offers exactly what it does not refuse", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const offered = availableActions(facts);
        return deploymentActions.every((action) => offered.includes(action) === (refusal(action, facts) === null));
      }),
    );
  });

  it("never lets a failed, destroying or destroyed deployment be changed (ON-09, ON-39, TN-11)", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        fc.pre(["failed", "destroying", "destroyed"].includes(facts.status));
        return availableActions(facts).every((action) => action === "destroy" || action === "plan");
      }),
    );
  });

  it("never lets two changes run at once", () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        fc.pre(facts.changing !== null && facts.status !== "destroyed");
        return availableActions(facts).every((action) => action === "destroy" || action === "plan");
      }),
    );
  });

  it("never destroys what is protected, and says how to go on (ON-47)", () => {
    fc.assert(fc.property(anyFacts, (facts) => !facts.protected || !availableActions(facts).includes("destroy")));
    expect(refusal("destroy", { ...ready, protected: true, name: 'a"b' })?.message).toContain(
      '"confirm_name": "a\\"b"',
    );
  });

  it("lets every deployment that is not gone be destroyed, once", () => {
    for (const status of ["provisioning", "ready", "failed", "destroying"] as const) {
      expect(refusal("destroy", { ...ready, status })).toBeNull();
      expect(refusal("destroy", { ...ready, status, destroying: { id: "op_d" } })).toMatchObject({
        message: "Deployment is already being destroyed",
        operationId: "op_d",
      });
    }
    expect(refusal("destroy", { ...ready, status: "destroyed" })).not.toBeNull();
  });

  it("starts what is stopped and stops what runs", () => {
    expect(availableActions(ready)).not.toContain("start");
    expect(availableActions({ ...ready, powerState: "stopped" })).toEqual([
      "update",
      "start",
      "scale",
      "rotate_credentials",
      "plan",
      "pulumi",
      "destroy",
    ]);
  });
});
