import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dataLossSteps, isStateful, statefulTypes, urnType } from "../../src/domain/stateful-types.ts";

const urn = (type: string, name = "x") => `urn:pulumi:dep_1::onvera::onvera:deployment:Database$${type}::${name}`;
const database = urn("postgresql:index/database:Database");

describe("the data-loss interlock (NH-05)", () => {
  it.each(["delete", "replace", "create-replacement", "delete-replaced"])("stops a %s of a database", (op) => {
    expect(dataLossSteps([{ op, urn: database }])).toEqual([database]);
  });

  it.each(["create", "same", "update", "read", "refresh", "import"])("lets a %s of a database pass", (op) => {
    expect(dataLossSteps([{ op, urn: database }])).toEqual([]);
  });

  it("lets pass what the request names, and only that", () => {
    const other = urn("postgresql:index/database:Database", "other");
    const steps = [database, other].map((one) => ({ op: "delete", urn: one }));
    expect(dataLossSteps(steps, new Set([database]))).toEqual([other]);
  });

  it("names each resource once, however many steps it has", () => {
    const steps = ["create-replacement", "replace", "delete-replaced"].map((op) => ({ op, urn: database }));
    expect(dataLossSteps(steps)).toEqual([database]);
  });

  it("lets go what can be made again", () => {
    expect(dataLossSteps([{ op: "delete", urn: urn("onvera:local:Process") }])).toEqual([]);
  });

  it("guards every type of the table, below any parents", () => {
    const chain = fc.array(fc.constantFrom("onvera:deployment:Compute", "a:b:C"), { maxLength: 3 });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(statefulTypes)), chain, (type, parents) => {
        const one = `urn:pulumi:dep_1::onvera::${[...parents, type].join("$")}::name`;
        expect(urnType(one)).toBe(type);
        expect(dataLossSteps([{ op: "replace", urn: one }])).toEqual([one]);
      }),
    );
  });

  it("takes no inherited property for a type", () => {
    expect(isStateful("constructor")).toBe(false);
  });
});
