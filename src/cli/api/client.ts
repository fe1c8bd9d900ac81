/** The CLI's way to the API: one call per operationId, the envelope opened, refusals turned into errors. */
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { paths } from "../api-types.ts";
import { CliError } from "../errors.ts";
import { version } from "../version.ts";
import { type OperationId, routes } from "./api-routes.ts";
import type { CallOptions, Data, RequestArguments } from "./contract.ts";
import { ApiError, problemOf } from "./problem.ts";

export interface Answer<T> {
  status: number;
  data: T;
  headers: Headers;
}

export interface Api {
  readonly url: string;
  /** Calls an operation and gives the `data` of its answer. @throws ApiError when the service refuses */
  call<Id extends OperationId>(id: Id, ...request: RequestArguments<Id>): Promise<Data<Id>>;
  /** The same with status and headers. */
  answer<Id extends OperationId>(id: Id, ...request: RequestArguments<Id>): Promise<Answer<Data<Id>>>;
  /** Opens an answer whose body is read as it comes. */
  open<Id extends OperationId>(id: Id, ...request: RequestArguments<Id>): Promise<Response>;
  /** Any request at all, for `onvera api`; refusals are answers here. */
  raw(method: string, path: string, body: string | undefined): Promise<Response>;
}

export interface ApiOptions {
  url: string;
  /** An API key, or an access token where `bearer` says so. */
  credential?: string;
  bearer?: boolean;
  debug?: (line: string) => void;
  fetch?: typeof fetch;
  sleep?: (milliseconds: number) => Promise<void>;
}

const REQUEST_TIMEOUT_MILLISECONDS = 60_000;
const RETRY_WAITS_MILLISECONDS = [300, 1500];
const LONGEST_RETRY_AFTER_SECONDS = 10;

/** What every operation's request amounts to once its own types are checked. */
interface LooseRequest extends CallOptions {
  path?: unknown;
  query?: unknown;
  body?: unknown;
}

/** openapi-fetch types its calls by path; ours are typed by operationId (contract.ts), so one cast stands here. */
type Requester = (
  method: string,
  path: string,
  init: Record<string, unknown>,
) => Promise<{ data?: unknown; error?: unknown; response: Response }>;

/** Makes the client. Nothing is sent before the first call. */
export function createApi(options: ApiOptions): Api {
  const send = sender(options);
  const client = createClient<paths>({ baseUrl: options.url, fetch: send });
  const request = client.request as unknown as Requester;

  const ask = (id: OperationId, call: LooseRequest, init: Record<string, unknown>) => {
    const [method, path] = routes[id];
    return request(method.toLowerCase(), path, {
      params: { path: call.path, query: call.query },
      ...(call.body === undefined ? {} : { body: call.body }),
      headers: headersFor(method, call),
      ...init,
    });
  };

  const answer = async <Id extends OperationId>(id: Id, call: LooseRequest = {}): Promise<Answer<Data<Id>>> => {
    const { data, error, response } = await ask(id, call, { signal: signalFor(call) });
    if (!response.ok) throw refusal(response, error);
    return { status: response.status, data: unwrap(data) as Data<Id>, headers: response.headers };
  };

  return {
    url: options.url,
    answer: (id, ...[call]) => answer(id, call),
    call: async (id, ...[call]) => (await answer(id, call)).data,
    async open(id, ...[call]) {
      const given: LooseRequest = call ?? {};
      const { response, error } = await ask(id, given, { signal: given.signal ?? null, parseAs: "stream" });
      if (!response.ok) throw refusal(response, error);
      return response;
    },
    raw: (method, path, body) =>
      send(
        new Request(`${options.url}${path.startsWith("/") ? path : `/${path}`}`, {
          method: method.toUpperCase(),
          headers: { ...headersFor(method, {}), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
          ...(body === undefined ? {} : { body }),
        }),
      ),
  };
}

const unwrap = (body: unknown): unknown =>
  typeof body === "object" && body !== null && "data" in body ? body.data : body;

function refusal(response: Response, body: unknown): ApiError {
  return new ApiError(response.status, problemOf(body), response.headers.get("x-request-id") ?? undefined);
}

/** Every POST carries a key of its own, so that trying again after a lost answer makes nothing twice. */
function headersFor(method: string, call: LooseRequest): Record<string, string> {
  return { ...(method.toUpperCase() === "POST" ? { "Idempotency-Key": randomUUID() } : {}), ...call.headers };
}

function signalFor(call: LooseRequest): AbortSignal {
  const timeout = AbortSignal.timeout(call.timeoutMilliseconds ?? REQUEST_TIMEOUT_MILLISECONDS);
  return call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]);
}

function sender(options: ApiOptions): (request: Request) => Promise<Response> {
  const doFetch = options.fetch ?? fetch;
  const sleep = options.sleep ?? ((milliseconds) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds)));
  return async (request) => {
    request.headers.set("User-Agent", `onvera-cli/${version}`);
    if (options.credential !== undefined) {
      if (options.bearer) request.headers.set("Authorization", `Bearer ${options.credential}`);
      else request.headers.set("X-API-Key", options.credential);
    }
    for (let attempt = 0; ; attempt += 1) {
      const wait = RETRY_WAITS_MILLISECONDS[attempt];
      const startedAt = Date.now();
      try {
        const response = await doFetch(request.clone());
        options.debug?.(`${request.method} ${request.url} → ${response.status} (${Date.now() - startedAt} ms)`);
        const retryAfter = Number(response.headers.get("retry-after") ?? "0");
        const mayRetry = response.status === 429 || response.status === 503;
        if (wait === undefined || !mayRetry || retryAfter > LONGEST_RETRY_AFTER_SECONDS) return response;
        await sleep(Math.max(wait, retryAfter * 1000));
      } catch (error) {
        options.debug?.(`${request.method} ${request.url} → ${String((error as Error).cause ?? error)}`);
        if (request.signal.aborted) throw abortion(request, options.url, error);
        if (wait === undefined || !isRepeatable(request) || isRefused(error)) throw unreachable(options.url, error);
        await sleep(wait);
      }
    }
  };
}

const isRepeatable = (request: Request): boolean => request.method === "GET" || request.headers.has("idempotency-key");

const systemCode = (error: unknown): string => {
  const cause = (error as { cause?: { code?: unknown } }).cause;
  return typeof cause?.code === "string" ? cause.code : "";
};

/** Nobody listens there: trying again at once would find the same. */
const isRefused = (error: unknown): boolean => systemCode(error) === "ECONNREFUSED";

function abortion(request: Request, url: string, error: unknown): unknown {
  const isTimeout = (request.signal.reason as { name?: string } | undefined)?.name === "TimeoutError";
  return isTimeout ? new UnreachableError(url, "it did not answer in time", error) : error;
}

/** The service could not be asked; unlike a refusal this may pass by itself. */
export class UnreachableError extends CliError {
  constructor(url: string, why: string, cause?: unknown) {
    const isLoopback = ["127.0.0.1", "localhost", "[::1]"].includes(new URL(url).hostname);
    super(`Cannot reach the Onvera API at ${url}: ${why}.`, {
      nextSteps: isLoopback
        ? ["Start the control plane of this machine: onvera start", "Use another one: --api-url or ONVERA_API_URL"]
        : ["Check the address (onvera config list) and the network, then run the same command again."],
      cause,
    });
  }
}

function unreachable(url: string, error: unknown): UnreachableError {
  const reasons: Record<string, string> = {
    ECONNREFUSED: "nothing listens there",
    ENOTFOUND: "the host name is not known",
    EAI_AGAIN: "the host name could not be looked up",
    ECONNRESET: "the connection was cut",
    UND_ERR_SOCKET: "the connection was cut",
    UND_ERR_CONNECT_TIMEOUT: "it did not answer in time",
    ETIMEDOUT: "it did not answer in time",
    DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed (NODE_EXTRA_CA_CERTS names a CA to trust)",
    SELF_SIGNED_CERT_IN_CHAIN: "its certificate is self-signed (NODE_EXTRA_CA_CERTS names a CA to trust)",
    CERT_HAS_EXPIRED: "its certificate has expired",
  };
  return new UnreachableError(url, reasons[systemCode(error)] ?? messageOf(error), error);
}

const messageOf = (error: unknown): string => {
  const cause = (error as { cause?: { message?: unknown } }).cause;
  return typeof cause?.message === "string" ? cause.message : (error as Error).message;
};
