/** The gate before engines that start: no more of them compute at once than there are cores (P3). */
import { describe, expect, it } from "vitest";
import type { EngineEvent } from "../../src/automation/events.ts";
import { createStartGate, endsStart } from "../../src/automation/start-gate.ts";

const never = new AbortController().signal;

/** Notes who came in, in order. */
function entering(gate: ReturnType<typeof createStartGate>) {
  const inside: string[] = [];
  return {
    inside,
    enter: async (name: string, signal = never) => {
      const leave = await gate.enter(signal);
      if (leave) inside.push(name);
      return leave;
    },
  };
}

describe("the start gate", () => {
  it("lets as many in as there are cores, and the others in their order", async () => {
    const { inside, enter } = entering(createStartGate(2));
    const first = await enter("a");
    await enter("b");
    const waiting = [enter("c"), enter("d")];
    expect(inside).toEqual(["a", "b"]);
    first?.();
    await waiting[0];
    expect(inside).toEqual(["a", "b", "c"]);
    first?.();
    (await waiting[0])?.();
    await waiting[1];
    expect(inside).toEqual(["a", "b", "c", "d"]);
  });

  it("forgets who stopped waiting", async () => {
    const { inside, enter } = entering(createStartGate(1));
    const first = await enter("a");
    const canceled = new AbortController();
    const gone = enter("b", canceled.signal);
    const last = enter("c");
    canceled.abort();
    expect(await gone).toBeUndefined();
    expect(await enter("d", canceled.signal)).toBeUndefined();
    first?.();
    await last;
    expect(inside).toEqual(["a", "c"]);
  });

  it("goes on without a start that waits for something else", async () => {
    const { inside, enter } = entering(createStartGate(1, 5));
    await enter("stuck");
    await enter("next");
    expect(inside).toEqual(["stuck", "next"]);
  });

  it("takes a real step as the end of a start, and neither a plan, a component, nor what stays as it is", () => {
    const step = (action: "create" | "same", planned: boolean, component = false): EngineEvent => ({
      kind: "resource",
      planned,
      component,
      state: "started",
      action,
      op: action,
      urn: "urn",
      type: "type",
      name: "name",
      replaceKeys: [],
      diffKeys: [],
    });
    expect(endsStart(step("create", false))).toBe(true);
    expect(endsStart(step("create", true))).toBe(false);
    expect(endsStart(step("same", false))).toBe(false);
    expect(endsStart(step("create", false, true))).toBe(false);
  });
});
