import { describe, expect, it } from "vitest";
import { createProgress, type ProgressEvent, runStep } from "../../src/domain/progress.ts";

describe("createProgress", () => {
  const step = { name: "pulumi-build", message: "Building", estimateSeconds: 300 };

  it("tells beginning, updates and one end of each step, with the seconds it took", async () => {
    const events: ProgressEvent[] = [];
    let now = 1000;
    const progress = createProgress(
      (event) => events.push(event),
      () => now,
    );
    await runStep(progress, step, async (running) => {
      running.update("half", { fraction: 0.5 });
      now = 3500;
      running.done("built");
      running.update("too late");
    });
    expect(events).toEqual([
      { type: "started", step },
      { type: "updated", step, message: "half", fraction: 0.5 },
      { type: "done", step, message: "built", elapsedSeconds: 2.5 },
    ]);
  });

  it("ends a step as failed with the error's words and passes the error on", async () => {
    const events: ProgressEvent[] = [];
    const progress = createProgress(
      (event) => events.push(event),
      () => 0,
    );
    await expect(runStep(progress, step, () => Promise.reject(new Error("disk full")))).rejects.toThrow("disk full");
    expect(events.at(-1)).toEqual({ type: "failed", step, message: "disk full", elapsedSeconds: 0 });
  });
});
