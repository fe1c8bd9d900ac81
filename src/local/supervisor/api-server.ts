/** Serves the supervisor's requests on its unix socket. Who may connect is decided by the folder the socket lies in. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { ApiAnswer, ApiRoute } from "./api.ts";
import { asRequestError, RequestError } from "./request-error.ts";

const LARGEST_BODY_BYTES = 4 * 1024 * 1024;

/** @param report takes a line about what is our own fault */
export function createApiServer(routes: ApiRoute[], report: (message: string) => void): Server {
  const server = createServer((request, response) => {
    void answer(routes, request, response).catch((error: unknown) => {
      if (asRequestError(error) === undefined) report(`${request.method} ${request.url}: ${stack(error)}`);
      sendError(response, error);
    });
  });
  // A job may take as long as its deadline, and nobody but us is on this socket.
  server.requestTimeout = 0;
  server.timeout = 0;
  server.keepAliveTimeout = 60_000;
  return server;
}

async function answer(routes: ApiRoute[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://supervisor");
  const matching = routes.filter(({ path }) => path.test(url.pathname));
  const route = matching.find(({ method }) => method === request.method);
  if (route === undefined) {
    const known = matching.length > 0;
    const status = known ? 405 : 404;
    throw new RequestError(
      status,
      known ? "METHOD_NOT_ALLOWED" : "NOT_FOUND",
      `No such request: ${request.method} ${url.pathname}`,
    );
  }
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const names = (route.path.exec(url.pathname) ?? []).slice(1).map((part) => decodeURIComponent(part));
  const body = await readBody(request);
  const result = await route.answer({ names, query: url.searchParams, body, signal: gone.signal });
  await send(response, result, gone.signal);
}

async function send(response: ServerResponse, result: ApiAnswer, signal: AbortSignal): Promise<void> {
  if ("json" in result) {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(result.json));
    return;
  }
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.flushHeaders();
  for await (const line of result.lines) {
    if (signal.aborted) break;
    if (response.write(`${JSON.stringify(line)}\n`)) continue;
    // The signal ends the wait of a caller that hung up.
    await once(response, "drain", { signal }).catch(() => {});
  }
  response.end();
}

function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const refused = asRequestError(error);
  const status = refused?.status ?? 500;
  const code = refused?.code ?? "SUPERVISOR_ERROR";
  const message = error instanceof Error ? error.message : String(error);
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error: { code, message } }));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_BODY_BYTES)
      throw new RequestError(413, "BODY_TOO_LARGE", `A body has at most ${LARGEST_BODY_BYTES} bytes.`);
    chunks.push(chunk);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch (error) {
    throw new RequestError(400, "BAD_JSON", "The body is not JSON.", { cause: error });
  }
}

function stack(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
