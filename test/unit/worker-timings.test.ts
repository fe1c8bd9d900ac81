/** What a worker takes from the environment, and what it does where that says nothing. */
import { expect, it } from "vitest";
import { leaseTimings, reconcileTimings } from "../../src/main/worker-timings.ts";

it("looks for drift every 15 minutes unless another interval or never is asked for (P8)", () => {
  expect(reconcileTimings(undefined)).toEqual({ reconcileSeconds: 900 });
  expect(reconcileTimings("")).toEqual({ reconcileSeconds: 900 });
  expect(reconcileTimings("0")).toEqual({ reconcileSeconds: 0 });
  expect(reconcileTimings("60")).toEqual({ reconcileSeconds: 60 });
});

it("refuses an interval or a lease that is none, and says what would be one", () => {
  for (const text of ["often", "-1", "0.5", "Infinity"]) {
    expect(() => reconcileTimings(text)).toThrow(/RECONCILE_INTERVAL_SECONDS is .*from 1 on, or 0 for never/);
  }
  expect(() => leaseTimings("1")).toThrow(/at least 2/);
  expect(leaseTimings("10")).toEqual({ leaseSeconds: 10, renewSeconds: 2 });
});
