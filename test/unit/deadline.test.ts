/** A step's deadline (NH-09: a cause, not a hang). */
import { describe, expect, it } from "vitest";
import { withDeadline } from "../../src/automation/worker/deadline.ts";

describe("the deadline of a step", () => {
  it("asks a step to stop and names the deadline as the cause of its end", async () => {
    const asked = new AbortController();
    const work = () =>
      new Promise<void>((_, reject) => asked.signal.addEventListener("abort", () => reject(new Error("interrupted"))));
    const ended = withDeadline(5, { stop: () => asked.abort() }, work);
    await expect(ended).rejects.toMatchObject({ error: { code: "DEADLINE_EXCEEDED", cause: "timeout" } });
  });

  it("gives up a step that waits for something that never answers", async () => {
    const ended = withDeadline(
      5,
      { stop: () => undefined, abandonMilliseconds: 5 },
      () => new Promise(() => undefined),
    );
    await expect(ended).rejects.toMatchObject({ error: { code: "DEADLINE_EXCEEDED" } });
  });

  it("leaves a step alone that is in time, and its own error as it is", async () => {
    const control = { stop: () => expect.unreachable() };
    await withDeadline(60_000, control, async () => undefined);
    await expect(withDeadline(60_000, control, () => Promise.reject(new Error("own")))).rejects.toThrow("own");
  });
});
