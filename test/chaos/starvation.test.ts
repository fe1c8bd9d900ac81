/** R12 in small: fewer streams and connections than `npm run chaos -- starvation`, and no wait for slow ones to be closed. */
import { expect, it } from "vitest";
import { sampleOptions } from "../../chaos/chaos-test.ts";
import { runStarvation } from "../../chaos/starvation.ts";

it("without room, memory, descriptors or patience it refuses cleanly, and is healthy 30 s after the relief (R12)", async () => {
  const sizes = { streams: 200, slowConnections: 50, waitForClosing: false };
  const { result, failures } = await runStarvation(sampleOptions, sizes);
  expect(failures).toEqual([]);
  expect(result).toMatchObject({ orphans: 0, duplicates: 0, lost: 0, ok: true });
  expect(result.cases).toBeGreaterThanOrEqual(7);
  expect(result.terminal).toBe(result.cases);
});
