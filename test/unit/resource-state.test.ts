/** How a resource is while an operation works on it, as tree and graph say it (ON-19, ON-25). */
import { describe, expect, it } from "vitest";
import type { OperationEvent, StackResource } from "../../web/src/api/types.ts";
import { resourceStates } from "../../web/src/deployments/resource-state.ts";

const resource = (name: string, deletedAt: string | null = null): StackResource => ({
  urn: name,
  type: "a:b:C",
  name,
  parent: null,
  dependencies: [],
  physical_id: name,
  phase: null,
  first_seen_at: "2026-11-21T12:00:00Z",
  deleted_at: deletedAt,
  children: [],
});

let seq = 0;
const step = (urn: string, action: string, state: string): OperationEvent => ({
  operation_id: "op_1",
  seq: seq++,
  at: "2026-11-21T12:00:00Z",
  type: "resource",
  data: { urn, name: urn, type: "a:b:C", action, state },
});

describe("the state of a resource (ON-19)", () => {
  it("is in place where nothing goes on, and deleted where it was", () => {
    const stateOf = resourceStates([]);
    expect(stateOf(resource("web"))).toEqual({ kind: "standing", words: "in place" });
    expect(stateOf(resource("old", "2026-11-21T12:00:00Z"))).toEqual({ kind: "gone", words: "deleted" });
  });

  it("follows the last record of it: begun, done, failed", () => {
    const begun = [step("web", "update", "started"), step("db", "create", "started")];
    expect(resourceStates(begun)(resource("web"))).toEqual({ kind: "changing", words: "being updated" });
    expect(resourceStates([...begun, step("web", "update", "done")])(resource("web")).words).toBe("in place");
    expect(resourceStates([...begun, step("db", "create", "failed")])(resource("db"))).toEqual({
      kind: "failed",
      words: "create failed",
    });
  });

  it("says nothing of what was only looked at", () => {
    expect(resourceStates([step("web", "same", "started")])(resource("web")).kind).toBe("standing");
  });
});
