/** The watch over an engine that says nothing (NH-09: a cause, not a hang). */
import { describe, expect, it } from "vitest";
import { watchSilence } from "../../src/automation/worker/silence.ts";

const never = () => ({ interrupt: new AbortController().signal, kill: new AbortController().signal });
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

describe("the silence watch", () => {
  it("stops politely, then at once", async () => {
    const watch = watchSilence(never(), { silenceMilliseconds: 5, graceMilliseconds: 5 });
    await aborted(watch.signals.interrupt);
    expect(watch.signals.kill.aborted).toBe(false);
    await aborted(watch.signals.kill);
    expect(watch.fired()).toBe(true);
  });

  it("passes a cancel on without counting as silence", () => {
    const cancel = new AbortController();
    const watch = watchSilence({ ...never(), interrupt: cancel.signal });
    cancel.abort();
    expect(watch.signals.interrupt.aborted).toBe(true);
    expect(watch.fired()).toBe(false);
    watch.close();
  });
});
