/** A small real HTTP service that gives the documented answers, so that the CLI can be tested by itself. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Deployment, Operation } from "../../src/cli/api/contract.ts";

export const KEY = "onv_sk_live_abc123def456ghi789jkl012mno345pqr678stu901vwx234yz";
export const DEPLOYMENT = "dep_550e8400-e29b-41d4-a716-446655440000";
export const OPERATION = "op_660e8400-e29b-41d4-a716-446655440001";

export interface Seen {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: unknown;
}

/** Data is wrapped in the envelope; `error` becomes the documented error; `raw` is sent as it is. */
export type Reply =
  | { status?: number; data: unknown; headers?: Record<string, string> }
  | { status: number; error: Record<string, unknown>; headers?: Record<string, string> }
  | { status: number; raw: string; headers?: Record<string, string> };

type Handler = (request: Seen, response: ServerResponse) => Reply | undefined | Promise<Reply | undefined>;

export interface Service {
  url: string;
  seen: Seen[];
  /** Answers `METHOD /path` (below /api/v1) from now on; undefined from the handler means it wrote the answer itself. */
  on(route: string, handler: Handler): void;
  /** The states the operation goes through, one per reading; the last one stays. */
  operation(states: readonly Partial<Operation>[]): void;
  close(): Promise<void>;
}

/** Starts it on a free loopback port. */
export async function startService(): Promise<Service> {
  const handlers = new Map<string, Handler>();
  const seen: Seen[] = [];
  const server = createServer(async (incoming, response) => {
    const url = new URL(incoming.url ?? "/", "http://service");
    const request: Seen = {
      method: incoming.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      body: await bodyOf(incoming),
    };
    seen.push(request);
    const isSignedIn = incoming.headers["x-api-key"] === KEY || incoming.headers.authorization !== undefined;
    const isPublic = /^\/(healthz|readyz|api\/v1\/(version|auth\/login|auth\/refresh))$/.test(url.pathname);
    if (!isSignedIn && !isPublic) {
      send(response, { status: 401, error: { code: "INVALID_API_KEY", message: "Invalid API key" } });
      return;
    }
    const path = url.pathname.replace(/^\/api\/v1/, "");
    const handler = handlers.get(`${request.method} ${path}`);
    const reply = handler === undefined ? notFound(path) : await handler(request, response);
    if (reply !== undefined) send(response, reply);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const service: Service = {
    url: `http://127.0.0.1:${port}`,
    seen,
    on: (route, handler) => void handlers.set(route, handler),
    operation(states) {
      let reading = 0;
      service.on(`GET /operations/${OPERATION}`, () => {
        const state = states[Math.min(reading, states.length - 1)] ?? {};
        reading += 1;
        return { data: operation(state) };
      });
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  service.on(`GET /deployments/${DEPLOYMENT}`, () => ({ data: deployment() }));
  service.on("GET /deployments", () => ({ data: page([deployment()]) }));
  service.on("POST /deployments", () => ({ status: 202, data: accepted() }));
  service.on(`DELETE /deployments/${DEPLOYMENT}`, () => ({ status: 202, data: accepted() }));
  service.operation([{ status: "succeeded" }]);
  return service;
}

/** The documented answer of create. */
export const accepted = () => ({
  deployment_id: DEPLOYMENT.slice("dep_".length),
  operation_id: OPERATION,
  links: {
    deployment: `/api/v1/deployments/${DEPLOYMENT.slice("dep_".length)}`,
    operation: `/api/v1/operations/${OPERATION}`,
  },
});

export const page = <T>(items: T[]) => ({
  items,
  pagination: { page: 1, per_page: 50, total: items.length, pages: 1, next_cursor: null },
});

export function deployment(changes: Partial<Deployment> = {}): Deployment {
  return {
    id: DEPLOYMENT,
    name: "My Superset",
    app_type: "superset",
    status: "ready",
    url: "http://my-superset-abc123.localhost:7680",
    sign_in_url: "http://my-superset-abc123.localhost:7680/onvera/login",
    environment_id: "env_default",
    organization_id: "org_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e",
    isolation_level: "shared",
    created_at: "2024-01-20T12:00:00Z",
    power_state: "running",
    health: "healthy",
    protected: false,
    conditions: [],
    current_operation_id: null,
    available_actions: [],
    settings: { version: "6.1.0", size: "small", replicas: {}, environment_variables: {}, requirements: [] },
    revision: { wanted: 1, applied: 1 },
    destroyed_at: null,
    links: {
      self: `/api/v1/deployments/${DEPLOYMENT}`,
      operation: null,
      operations: `/api/v1/deployments/${DEPLOYMENT}/operations`,
      environment: "/api/v1/environments/env_default",
      receipt: null,
    },
    ...changes,
  };
}

export function operation(changes: Partial<Operation> = {}): Operation {
  return {
    id: OPERATION,
    type: "deployment.create",
    status: "running",
    progress: { phase: "initializing", message: "Initializing" },
    queue_position: null,
    waits_for: null,
    resource_type: "deployment",
    resource_id: DEPLOYMENT,
    attempt: 1,
    requested_by: { kind: "api_key", id: "key_1", name: "ci" },
    origin: "cli",
    requested_at: "2024-01-20T12:00:00Z",
    started_at: "2024-01-20T12:00:01Z",
    ended_at: null,
    cancel_requested_at: null,
    error: null,
    result: null,
    links: {
      self: `/api/v1/operations/${OPERATION}`,
      resource: null,
      events: `/api/v1/operations/${OPERATION}/events`,
    },
    ...changes,
  };
}

/** A running state in that phase. */
export const inPhase = (phase: string, message: string): Partial<Operation> => ({
  status: "running",
  progress: { phase, message },
});

const notFound = (path: string): Reply => {
  const kind = path.startsWith("/operations") ? "OPERATION" : "DEPLOYMENT";
  const title = kind === "OPERATION" ? "Operation not found" : "Deployment not found";
  return { status: 404, error: { code: `${kind}_NOT_FOUND`, message: title, request_id: "req_1" } };
};

function send(response: ServerResponse, reply: Reply): void {
  const isError = "error" in reply;
  const type = "raw" in reply ? "text/plain" : isError ? "application/problem+json" : "application/json";
  response.writeHead(reply.status ?? 200, { "Content-Type": type, ...reply.headers });
  response.end("raw" in reply ? reply.raw : JSON.stringify(isError ? { error: reply.error } : { data: reply.data }));
}

async function bodyOf(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  return text === "" ? undefined : JSON.parse(text);
}
