/** When a worker looks for syncs of access that are due. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createAccessFeeder } from "../../src/automation/worker/access-feeder.ts";
import type { Store } from "../../src/store/database.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const start = Date.UTC(2026, 0, 1);

/** A feeder that writes down when it asked the database, in milliseconds from the beginning. */
function watched() {
  const looks: number[] = [];
  vi.setSystemTime(start);
  const store = {
    asPlatform: async () => {
      looks.push(Date.now() - start);
      return [];
    },
  } as unknown as Store;
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  return { looks, feeder: createAccessFeeder({ store, log, capabilities: [], accepting: () => true }) };
}

it("a hundred announcements at once are one look, after the moment in which they fall due (ON-17)", async () => {
  const { looks, feeder } = watched();
  for (let n = 0; n < 100; n++) feeder.announced();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toEqual([600]);
});

it("a change announced shortly before a look is looked for again once it is due, not at the next poll (ON-17)", async () => {
  const { looks, feeder } = watched();
  feeder.announced();
  await vi.advanceTimersByTimeAsync(200);
  feeder.announced();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toEqual([600, 800]);
});

it("a steady stream of announcements puts no look off", async () => {
  const { looks, feeder } = watched();
  for (let n = 0; n < 30; n++) {
    feeder.announced();
    await vi.advanceTimersByTimeAsync(100);
  }
  expect(looks.length).toBeGreaterThanOrEqual(4);
  expect(looks[0]).toBe(600);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks.at(-1)).toBeGreaterThanOrEqual(2900 + 600);
});

it("nothing is looked for after the end", async () => {
  const { looks, feeder } = watched();
  feeder.announced();
  await feeder.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(looks).toEqual([]);
});
