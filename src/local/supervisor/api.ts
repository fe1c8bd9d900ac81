/** The table of protocol.ts as code: each request, what it takes, and which method of the supervisor answers. */
import { z } from "zod";
import { logLevels } from "../../domain/log-filter.ts";
import { fetchSource } from "./git-source.ts";
import { healthReport } from "./health.ts";
import { streamLogs } from "./log-stream.ts";
import { ProcessMetrics } from "./metrics.ts";
import {
  type MetricsReport,
  PackageBody,
  PortsBody,
  RevisionBody,
  RouteBody,
  SecretsBody,
  ShutdownBody,
} from "./protocol.ts";
import { RequestError } from "./request-error.ts";
import type { Supervisor } from "./supervisor.ts";

export interface ApiCall {
  /** The parts of the path that stand for a name. */
  names: string[];
  query: URLSearchParams;
  /** The body, parsed as JSON; checked by the route. */
  body: unknown;
  /** Ends when the caller hangs up. */
  signal: AbortSignal;
}

export type ApiAnswer = { json: unknown } | { lines: AsyncGenerator<unknown> };

export interface ApiRoute {
  method: string;
  path: RegExp;
  answer(call: ApiCall): Promise<ApiAnswer>;
}

export interface ApiNode {
  supervisor: Supervisor;
  status(): unknown;
  traffic(deploymentId: string): MetricsReport["gateway"];
  /** Begins to end; the answer goes out first. */
  shutdown(stopDeployments: boolean): void;
}

const DeploymentId = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,79}$/);
const Name = z.string().regex(/^[a-z][a-z0-9-]{0,40}$/);
const Host = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/);
const ModeBody = z.strictObject({ mode: z.enum(["open", "closed"]) });
const LogQuery = z.object({
  process: Name.optional(),
  tail: z.union([z.literal("all"), z.coerce.number().int().min(0).max(100_000)]).optional(),
  after: z.coerce.number().int().min(0).optional(),
  follow: z.enum(["true", "false", "1", "0"]).optional(),
  since: z.coerce.number().optional(),
  until: z.coerce.number().optional(),
  contains: z.string().max(1000).optional(),
  stream: z.enum(["stdout", "stderr"]).optional(),
  level: z.enum(logLevels).optional(),
});

const done: ApiAnswer = { json: {} };

/** All routes of a node's supervisor. */
export function apiRoutes(node: ApiNode): ApiRoute[] {
  const { supervisor } = node;
  const metrics = new ProcessMetrics();
  const deployment = (
    pattern: string,
    method: string,
    act: (id: string, call: ApiCall) => Promise<ApiAnswer>,
  ): ApiRoute => ({
    method,
    path: new RegExp(`^/deployments/([^/]+)${pattern}$`),
    answer: (call) => act(read(DeploymentId, call.names[0]), call),
  });
  const named = (
    kind: string,
    method: string,
    act: (id: string, name: string, call: ApiCall) => Promise<ApiAnswer>,
  ): ApiRoute => deployment(`/${kind}/([^/]+)`, method, (id, call) => act(id, read(Name, call.names[1]), call));
  const route = (pattern: string, method: string, act: (host: string, call: ApiCall) => Promise<void>): ApiRoute => ({
    method,
    path: new RegExp(`^/routes/([^/]+)${pattern}$`),
    answer: async (call) => finish(act(read(Host, call.names[0]?.toLowerCase()), call)),
  });

  return [
    { method: "GET", path: /^\/status$/, answer: async () => ({ json: node.status() }) },
    {
      method: "POST",
      path: /^\/shutdown$/,
      answer: async (call) => {
        node.shutdown(read(ShutdownBody, call.body).stopDeployments);
        return done;
      },
    },
    deployment("", "PUT", async (id) => ({ json: await supervisor.putDeployment(id) })),
    deployment("", "GET", async (id) => ({ json: supervisor.state(id) })),
    deployment("", "DELETE", async (id) => finish(supervisor.deleteDeployment(id))),
    deployment("/secrets", "PUT", (id, { body }) => finish(supervisor.putSecrets(id, read(SecretsBody, body).secrets))),
    deployment("/ports", "PUT", async (id, { body }) => ({
      json: { ports: await supervisor.putPorts(id, read(PortsBody, body).names) },
    })),
    deployment("/package", "PUT", (id, { body }) => {
      const { lock, extraRequirements } = read(PackageBody, body);
      return finish(supervisor.putPackage(id, lock, extraRequirements));
    }),
    deployment("/files", "PUT", (id, { body }) => finish(supervisor.putFiles(id, read(RevisionBody, body).revision))),
    named("jobs", "PUT", async (id, name, { body }) => ({
      json: await supervisor.putJob(id, name, read(RevisionBody, body).revision),
    })),
    named("processes", "PUT", (id, name, { body }) =>
      finish(supervisor.putProcess(id, name, read(RevisionBody, body).revision)),
    ),
    named("processes", "DELETE", (id, name) => finish(supervisor.deleteProcess(id, name))),
    deployment("/source", "POST", async (id, { body, signal }) => ({
      json: { commit: await bringSource(supervisor, id, read(RevisionBody, body).revision, signal) },
    })),
    deployment("/health", "GET", async (id) => ({ json: await healthReport(supervisor.get(id)) })),
    deployment("/metrics", "GET", async (id) => {
      const processes = metrics.of(supervisor.get(id));
      return { json: { at: new Date().toISOString(), processes, gateway: node.traffic(id) } satisfies MetricsReport };
    }),
    deployment("/logs", "GET", async (id, { query, signal }) => {
      supervisor.get(id);
      const { process, tail, after, follow, ...filter } = read(LogQuery, Object.fromEntries(query));
      const request = { deploymentId: id, follow: follow === "true" || follow === "1", filter };
      const narrowed = {
        ...request,
        ...(process === undefined ? {} : { process }),
        ...(tail === undefined ? {} : { tail }),
        ...(after === undefined ? {} : { after }),
      };
      return { lines: streamLogs(supervisor.logs, narrowed, signal) };
    }),
    route("", "PUT", async (host, { body }) => {
      const target = read(RouteBody, body);
      supervisor.get(target.deploymentId);
      await supervisor.routes.put(host, target);
    }),
    route("", "DELETE", (host) => supervisor.routes.delete(host)),
    route("/mode", "PUT", async (host, { body }) => supervisor.routes.setMode(host, read(ModeBody, body).mode)),
  ];
}

async function bringSource(supervisor: Supervisor, id: string, revision: string, signal: AbortSignal): Promise<string> {
  const deployment = supervisor.get(id);
  const { gitSource } = supervisor.revision(id, revision).workload;
  if (gitSource === undefined) throw new RequestError(422, "NO_SOURCE", `Revision ${revision} has no git source.`);
  const { folders, owner } = deployment;
  const { allowFileSources, privateSourceHosts } = supervisor.options;
  const commit = await fetchSource({
    ...{ source: gitSource, folders, owner, signal },
    allowFiles: allowFileSources,
    privateHosts: privateSourceHosts,
  });
  deployment.save({ sourceCommit: commit });
  await deployment.saved;
  return commit;
}

async function finish(work: Promise<void>): Promise<ApiAnswer> {
  await work;
  return done;
}

function read<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join(".") ?? "";
  throw new RequestError(400, "BAD_REQUEST", `${where === "" ? "The request" : where}: ${issue?.message}`);
}
