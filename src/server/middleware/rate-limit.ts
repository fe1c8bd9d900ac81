/** How many requests a caller may make in a minute. Counted per key or person, and per address where nobody signed in. */
import type { Context } from "hono";
import { OnveraError } from "../../domain/errors.ts";
import type { ServerEnv } from "../caller.ts";

export interface Limits {
  /** Requests a minute of one key or person. A poller every two seconds makes 30. */
  perCaller: number;
  /** Requests a minute of one address without a caller. */
  perAddress: number;
  /** Failed sign-ins and unknown keys a minute from one address. */
  failuresPerAddress: number;
  /** Failed sign-ins in a quarter of an hour (services/sign-in-throttle.ts). */
  signInsPerPersonAndAddress: number;
  /** From all addresses the person never signed in from. */
  signInsPerPerson: number;
  signInsPerAddress: number;
}

export const defaultLimits: Limits = {
  perCaller: 1200,
  perAddress: 600,
  failuresPerAddress: 60,
  signInsPerPersonAndAddress: 10,
  signInsPerPerson: 50,
  signInsPerAddress: 100,
};

const WINDOW_MILLISECONDS = 60_000;

export interface RateLimiter {
  /**
   * Counts one request.
   * @throws OnveraError RATE_LIMIT_EXCEEDED with the seconds to wait
   */
  take(c: Context<ServerEnv>, bucket: string, limit: number): void;
  /** Refuses when the bucket is full already; counts nothing. */
  check(bucket: string, limit: number): void;
  /** Counts without an answer: a failure. */
  add(bucket: string): void;
}

/** Makes a limiter that keeps its counts in memory. @param now the clock, milliseconds */
export function createRateLimiter(now: () => number = Date.now): RateLimiter {
  const windows = new Map<string, { startedAt: number; count: number }>();
  let lastSweep = now();

  const windowOf = (bucket: string) => {
    const time = now();
    if (time - lastSweep > WINDOW_MILLISECONDS) {
      lastSweep = time;
      for (const [name, entry] of windows) {
        if (time - entry.startedAt >= WINDOW_MILLISECONDS) windows.delete(name);
      }
    }
    const known = windows.get(bucket);
    if (known && time - known.startedAt < WINDOW_MILLISECONDS) return known;
    const fresh = { startedAt: time, count: 0 };
    windows.set(bucket, fresh);
    return fresh;
  };
  const secondsLeft = (startedAt: number) => Math.max(1, Math.ceil((startedAt + WINDOW_MILLISECONDS - now()) / 1000));
  const exceeded = (seconds: number) =>
    new OnveraError("RATE_LIMIT_EXCEEDED", {
      message: `Rate limit exceeded. Please retry after ${seconds} seconds`,
      retryAfterSeconds: seconds,
    });

  return {
    take(c, bucket, limit) {
      const entry = windowOf(bucket);
      entry.count++;
      const seconds = secondsLeft(entry.startedAt);
      c.header("RateLimit-Limit", String(limit));
      c.header("RateLimit-Remaining", String(Math.max(0, limit - entry.count)));
      c.header("RateLimit-Reset", String(seconds));
      if (entry.count > limit) throw exceeded(seconds);
    },
    check(bucket, limit) {
      const entry = windowOf(bucket);
      if (entry.count >= limit) throw exceeded(secondsLeft(entry.startedAt));
    },
    add(bucket) {
      windowOf(bucket).count++;
    },
  };
}
