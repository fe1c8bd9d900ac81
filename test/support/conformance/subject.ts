/** What the conformance suite is told of a deployment: how to ask the API and the app, and how to see what really runs where it stands. */
import { expect } from "vitest";
import { until } from "../until.ts";
import type { WebSession } from "../web-session.ts";

export interface AskOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export interface Subject {
  id: string;
  /** Sends a request to the API as somebody who may do everything there. @param path below /api/v1 */
  request(method: string, path: string, options?: AskOptions): Promise<Response>;
  /** A new browser at the address the API tells. */
  browser(): Promise<WebSession>;
  /** Names of the app's parts that run, by the target's own means: processes, pods. */
  running(): Promise<string[]>;
  /** Ends one of them without a word. */
  kill(part: string): Promise<void>;
  /** The address of its database as the app's own processes read it, password included. */
  databaseUrl(): Promise<string>;
}

export interface Api {
  /** @returns `data` of the answer @throws Error unless it is a 2xx */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape.
  call(method: string, path: string, body?: object): Promise<any>;
  /** Waits for an accepted operation's end. @returns it */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into documents of every shape.
  ended(accepted: { operation_id: string }): Promise<any>;
  /** Waits for an accepted operation to succeed. @returns its result */
  succeeds(accepted: { operation_id: string }): Promise<unknown>;
}

const OPERATION_SECONDS = 600;

/** What is sent to the API with a key. */
export const requestWith = (
  key: string,
  method: string,
  { body, headers, signal }: AskOptions = {},
): RequestInit & { headers: Record<string, string> } => ({
  method,
  headers: { "x-api-key": key, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  ...(signal && { signal }),
});

export function apiOf({ request }: Pick<Subject, "request">): Api {
  const call: Api["call"] = async (method, path, body) => {
    const answer = await request(method, path, { body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    return JSON.parse(text).data;
  };
  const ended: Api["ended"] = async ({ operation_id }) => {
    let operation: Awaited<ReturnType<Api["ended"]>>;
    const isOver = async () => {
      operation = await call("GET", `/operations/${operation_id}`);
      return operation.ended_at !== null;
    };
    await until(isOver, `operation ${operation_id} has ended`, OPERATION_SECONDS);
    return operation;
  };
  return {
    call,
    ended,
    async succeeds(accepted) {
      const { type, status, error, result } = await ended(accepted);
      expect([type, status, error]).toEqual([type, "succeeded", null]);
      return result;
    },
  };
}

/** Checks what the API says of a deployment after its destroy: a tombstone, and a receipt in which everything was looked for and is gone. */
export async function expectDestroyed({ call }: Pick<Api, "call">, id: string): Promise<void> {
  expect((await call("GET", `/deployments/${id}`)).status).toBe("destroyed");
  const listed = (await call("GET", "/deployments")).items.map((one: { id: string }) => one.id);
  expect(listed).not.toContain(id);
  const { items } = await call("GET", `/deployments/${id}/receipt`);
  expect(items.length).toBeGreaterThan(10);
  expect(items.filter(({ found }: { found: string }) => found !== "absent")).toEqual([]);
}
