/** What counts as a whole state (R14): the engine's own rules, held against everything a damaged row can be. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stateFault } from "../../src/automation/recovery/state-integrity.ts";

const stack = "dep_1";
const root = "urn:pulumi:dep_1::onvera::pulumi:pulumi:Stack::onvera-dep_1";
const provider = "urn:pulumi:dep_1::onvera::pulumi:providers:postgresql::default";
const role = "urn:pulumi:dep_1::onvera::postgresql:index/role:Role::owner";

const resources = [
  { urn: root, type: "pulumi:pulumi:Stack" },
  { urn: provider, type: "pulumi:providers:postgresql", custom: true, id: "0001" },
  {
    urn: role,
    type: "postgresql:index/role:Role",
    custom: true,
    id: "owner",
    parent: root,
    provider: `${provider}::0001`,
  },
];
const state = (list: unknown[], name = stack) => ({
  version: 3,
  checkpoint: { stack: `organization/onvera/${name}`, latest: { resources: list } },
});
const row = (content: unknown) => ({ data: Buffer.from(JSON.stringify(content)).toString("base64") });

describe("a stored state", () => {
  it("is whole as the engine writes it, also before the first resource (R14)", () => {
    expect(stateFault(row(state(resources)), stack)).toBeUndefined();
    expect(stateFault(row({ version: 3, checkpoint: { stack } }), stack)).toBeUndefined();
  });

  it("is damaged wherever it is cut off (R14)", () => {
    const { data } = row(state(resources));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: data.length - 5 }), (length) => {
        expect(stateFault({ data: data.slice(0, length) }, stack)).toBeDefined();
      }),
    );
  });

  it.each([
    ["another stack's", row(state(resources, "dep_2")), "state of organization/onvera/dep_2"],
    ["without what its resources need", row(state(resources.slice(2))), "which is missing"],
    ["with a resource twice", row(state([...resources, ...resources.slice(2)])), "twice"],
    ["with a resource that has no id", row(state([{ ...resources[1], id: "" }])), "has no id"],
    ["no state at all", row([1, 2]), "not a state"],
    ["no row of the CLI's", { text: "" }, "cut off or overwritten"],
  ])("is damaged when it is %s (R14)", (_what, content, fault) => {
    expect(stateFault(content, stack)).toContain(fault);
  });

  it("may hold a resource twice while its old half waits for deletion (R14)", () => {
    const replaced = [...resources, { ...resources[2], id: "old", delete: true }];
    expect(stateFault(row(state(replaced)), stack)).toBeUndefined();
  });
});
