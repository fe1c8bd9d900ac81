/** Speaks to the supervisor over its unix socket. */
import http, { type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { type CallOptions, type LogQuery, type SupervisorClient, SupervisorError } from "./client-port.ts";
import {
  DeploymentState,
  HealthReport,
  Identity,
  JobResult,
  LogLine,
  MetricsReport,
  SupervisorStatus,
} from "./protocol.ts";

/** A supervisor that is being replaced is away for about a second; every PUT and DELETE may be repeated. */
const RETRY_MILLISECONDS = 10_000;
const RETRY_PAUSE_MILLISECONDS = 100;

/** What the control plane itself asks besides: how the supervisor is, and that it ends. */
export interface NodeSupervisorClient extends SupervisorClient {
  /** Answers at once or throws; it does not wait for a supervisor that is away. */
  status(): Promise<SupervisorStatus>;
  /** Resolves when the supervisor has agreed to end; its socket is gone when it has. */
  shutdown(how: { stopDeployments: boolean }): Promise<void>;
}

interface Call extends CallOptions {
  method: string;
  path: string;
  body?: unknown;
}

/** @param socketPath `supervisorPaths(home).socket` */
export function createSupervisorClient(socketPath: string): NodeSupervisorClient {
  const agent = new http.Agent({ keepAlive: true, maxFreeSockets: 8 });
  const ask = (call: Call): Promise<unknown> => askAgain(socketPath, agent, call);
  const of = (deploymentId: string): string => `/deployments/${encodeURIComponent(deploymentId)}`;
  const named = (deploymentId: string, kind: string, name: string): string =>
    `${of(deploymentId)}/${kind}/${encodeURIComponent(name)}`;
  const routeOf = (host: string): string => `/routes/${encodeURIComponent(host)}`;
  const put = async (path: string, body: unknown): Promise<void> => {
    await ask({ method: "PUT", path, body });
  };
  const remove = async (path: string): Promise<void> => {
    await ask({ method: "DELETE", path });
  };

  return {
    status: async () =>
      SupervisorStatus.parse(await askOnce(socketPath, undefined, { method: "GET", path: "/status" })),
    shutdown: async (body) => {
      await askOnce(socketPath, undefined, { method: "POST", path: "/shutdown", body });
    },
    putDeployment: async (id) => Identity.parse(await ask({ method: "PUT", path: of(id), body: {} })),
    deleteDeployment: (id) => remove(of(id)),
    getDeployment: async (id) => {
      try {
        return DeploymentState.parse(await ask({ method: "GET", path: of(id) }));
      } catch (error) {
        if (error instanceof SupervisorError && error.status === 404) return null;
        throw error;
      }
    },
    putSecrets: (id, secrets) => put(`${of(id)}/secrets`, { secrets }),
    putPorts: async (id, names) => {
      const answer = await ask({ method: "PUT", path: `${of(id)}/ports`, body: { names } });
      return DeploymentState.pick({ ports: true }).parse(answer).ports;
    },
    putPackage: (id, body) => put(`${of(id)}/package`, body),
    putFiles: (id, revision) => put(`${of(id)}/files`, { revision }),
    putJob: async (id, name, revision, options) =>
      JobResult.parse(await ask({ method: "PUT", path: named(id, "jobs", name), body: { revision }, ...options })),
    putProcess: (id, name, revision) => put(named(id, "processes", name), { revision }),
    deleteProcess: (id, name) => remove(named(id, "processes", name)),
    putRoute: (host, body) => put(routeOf(host), body),
    deleteRoute: (host) => remove(routeOf(host)),
    putRouteMode: (host, mode) => put(`${routeOf(host)}/mode`, { mode }),
    postSource: async (id, revision, options) => {
      const answer = await ask({ method: "POST", path: `${of(id)}/source`, body: { revision }, ...options });
      return { commit: String((answer as { commit: unknown }).commit) };
    },
    getHealth: async (id) => HealthReport.parse(await ask({ method: "GET", path: `${of(id)}/health` })),
    getMetrics: async (id) => MetricsReport.parse(await ask({ method: "GET", path: `${of(id)}/metrics` })),
    getLogs: (id, query) => readLogs(socketPath, `${of(id)}/logs`, query),
  };
}

/** What the supervisor says of itself; undefined when none answers. */
export async function supervisorStatus(socketPath: string): Promise<SupervisorStatus | undefined> {
  try {
    return await createSupervisorClient(socketPath).status();
  } catch (error) {
    if (error instanceof SupervisorError && error.status === 0) return undefined;
    throw error;
  }
}

async function askAgain(socketPath: string, agent: http.Agent, call: Call): Promise<unknown> {
  const until = Date.now() + RETRY_MILLISECONDS;
  for (;;) {
    try {
      return await askOnce(socketPath, agent, call);
    } catch (error) {
      const away = error instanceof SupervisorError && error.status === 0;
      if (!away || call.method === "POST" || call.signal?.aborted === true || Date.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_PAUSE_MILLISECONDS));
  }
}

async function askOnce(socketPath: string, agent: http.Agent | undefined, call: Call): Promise<unknown> {
  const answer = await send(socketPath, agent, call);
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of answer) chunks.push(chunk);
  } catch (error) {
    throw unreachable(error);
  }
  const body: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8") || "null");
  const status = answer.statusCode ?? 500;
  if (status >= 400) throw refusal(status, body);
  return body;
}

async function* readLogs(socketPath: string, path: string, query: LogQuery): AsyncGenerator<LogLine> {
  const { signal, ...fields } = query;
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) search.set(name, String(value));
  const call = { method: "GET", path: `${path}?${search}`, ...(signal === undefined ? {} : { signal }) };
  const answer = await send(socketPath, undefined, call);
  if ((answer.statusCode ?? 500) >= 400) {
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk);
    throw refusal(answer.statusCode ?? 500, JSON.parse(Buffer.concat(chunks).toString("utf8")));
  }
  try {
    for await (const line of createInterface({ input: answer })) yield LogLine.parse(JSON.parse(line));
  } catch (error) {
    if (signal?.aborted !== true) throw unreachable(error);
  } finally {
    answer.destroy();
  }
}

function send(socketPath: string, agent: http.Agent | undefined, call: Call): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const body = call.body === undefined ? undefined : JSON.stringify(call.body);
    const request = http.request({
      socketPath,
      agent: agent ?? false,
      method: call.method,
      path: call.path,
      headers:
        body === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(body) },
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
    request.once("response", resolve);
    request.once("error", (error) => reject(unreachable(error)));
    request.end(body);
  });
}

function unreachable(error: unknown): SupervisorError {
  const why = error instanceof Error ? error.message : String(error);
  const message = `The supervisor of this node does not answer (${why}); 'onvera start' starts it.`;
  return new SupervisorError(0, "SUPERVISOR_UNREACHABLE", message, { cause: error });
}

function refusal(status: number, body: unknown): SupervisorError {
  const error = (body as { error?: { code?: unknown; message?: unknown } } | null)?.error;
  return new SupervisorError(
    status,
    String(error?.code ?? "SUPERVISOR_ERROR"),
    String(error?.message ?? "No reason given."),
  );
}
