/** The node's front: leads each host to its deployment, over http and https, WebSocket and event streams included. */
import http, { type IncomingMessage, type Server, type ServerResponse } from "node:http";
import https from "node:https";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import type { GatewaySettings } from "../supervisor/options.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { Forwarder } from "./forwarder.ts";
import { brokenNotice, noticeFor, sendNotice } from "./pages.ts";
import { cleanRequestHeaders, requestedHost } from "./request-headers.ts";
import { gatewayTls } from "./tls.ts";
import { Traffic, type TrafficReport } from "./traffic.ts";
import { findUpstream } from "./upstream.ts";

export interface Gateway {
  addresses: { address: string; httpPort: number; httpsPort: number; domain: string };
  traffic(deploymentId: string): TrafficReport;
  close(): Promise<void>;
}

export interface GatewayRequest {
  settings: GatewaySettings;
  supervisor: Supervisor;
}

/** Apps with single sign-on set large cookies. */
const HEADER_BYTES_MAX = 64 * 1024;
const BODY_BYTES_MAX = 1024 * 1024 * 1024;
/** Uploads may be slow; a client that sends its headers drop by drop is not served. */
const HEADERS_TIMEOUT_MILLISECONDS = 15_000;
const REQUEST_TIMEOUT_MILLISECONDS = 3_600_000;

/**
 * Opens both ports.
 * @throws Error naming the port when it is taken
 */
export async function startGateway({ settings, supervisor }: GatewayRequest): Promise<Gateway> {
  const traffic = new Traffic();
  const forwarder = new Forwarder();
  const limits = { maxHeaderSize: HEADER_BYTES_MAX, keepAliveTimeout: 65_000 };
  const tls = gatewayTls(settings, supervisor);
  const servers = { http: http.createServer(limits), https: https.createServer({ ...limits, ...tls }) };
  let turn = 0;

  const serve = (request: IncomingMessage, response: ServerResponse, protocol: "http" | "https"): void => {
    const host = requestedHost(request.headers.host);
    if (protocol === "http" && settings.domain !== "localhost" && !isLocal(host)) {
      redirect(request, response, host, ports().https);
      return;
    }
    const upstream = findUpstream(supervisor, host ?? "", turn++);
    if (upstream.kind === "unknown") {
      sendNotice(request, response, noticeFor(upstream, host ?? "this address"));
      return;
    }
    const count = countAnswer(traffic, upstream.deploymentId, request, response);
    if (upstream.kind !== "forward") {
      sendNotice(request, response, noticeFor(upstream, host ?? ""));
    } else if (Number(request.headers["content-length"] ?? 0) > BODY_BYTES_MAX) {
      sendNotice(request, response, tooLarge);
    } else {
      cleanRequestHeaders(request.headers, clientFacts(request, protocol));
      forwarder.web(request, response, upstream.port, {
        began: count,
        failed: (reason) =>
          sendNotice(request, response, brokenNotice(upstream.deploymentId, upstream.process, reason)),
      });
    }
  };

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer, protocol: "http" | "https"): void => {
    const upstream = findUpstream(supervisor, requestedHost(request.headers.host) ?? "", turn++);
    if (upstream.kind !== "forward" || (protocol === "http" && settings.domain !== "localhost")) {
      socket.end("HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    cleanRequestHeaders(request.headers, clientFacts(request, protocol));
    forwarder.upgrade(request, socket, head, upstream.port);
    traffic.record(upstream.deploymentId, { status: 101, bytesOut: 0, latencyMilliseconds: 0 });
  };

  for (const protocol of ["http", "https"] as const) {
    const server = servers[protocol];
    server.headersTimeout = HEADERS_TIMEOUT_MILLISECONDS;
    server.requestTimeout = REQUEST_TIMEOUT_MILLISECONDS;
    server.on("request", (request, response) => serve(request, response, protocol));
    server.on("upgrade", (request, socket, head) => upgrade(request, socket, head, protocol));
  }
  const ports = (): { http: number; https: number } => ({ http: portOf(servers.http), https: portOf(servers.https) });
  const close = async (): Promise<void> => {
    forwarder.close();
    await Promise.all(Object.values(servers).map(closeServer));
  };
  try {
    await listen(servers.http, settings.httpPort, settings.address);
    await listen(servers.https, settings.httpsPort, settings.address);
  } catch (error) {
    await close();
    throw error;
  }
  const { address, domain } = settings;
  return {
    addresses: { address, httpPort: ports().http, httpsPort: ports().https, domain },
    traffic: (deploymentId) => traffic.report(deploymentId),
    close,
  };
}

const tooLarge = {
  status: 413,
  code: "BODY_TOO_LARGE",
  title: "This upload is too large",
  message: `At most ${BODY_BYTES_MAX / 1024 ** 3} GiB are taken in one request.`,
};

/** Counts the answer when it ends; the function it returns is called when it begins. */
function countAnswer(
  traffic: Traffic,
  deploymentId: string,
  request: IncomingMessage,
  response: ServerResponse,
): () => void {
  const startedAt = performance.now();
  const bytesBefore = request.socket.bytesWritten;
  let began: number | undefined;
  response.once("close", () => {
    const latencyMilliseconds = (began ?? performance.now()) - startedAt;
    const bytesOut = Math.max(0, request.socket.bytesWritten - bytesBefore);
    traffic.record(deploymentId, { status: response.statusCode, bytesOut, latencyMilliseconds });
  });
  return () => {
    began ??= performance.now();
  };
}

function clientFacts(request: IncomingMessage, protocol: "http" | "https") {
  return {
    address: (request.socket.remoteAddress ?? "").replace(/^::ffff:/, ""),
    protocol,
    host: request.headers.host ?? "",
    port: request.socket.localPort ?? 0,
  };
}

function redirect(
  request: IncomingMessage,
  response: ServerResponse,
  host: string | undefined,
  httpsPort: number,
): void {
  if (host === undefined) {
    sendNotice(request, response, noticeFor({ kind: "unknown" }, "this address"));
    return;
  }
  const port = httpsPort === 443 ? "" : `:${httpsPort}`;
  const location = `https://${host}${port}${request.url ?? "/"}`;
  response.writeHead(308, { location, "content-length": 0, connection: "close" }).end();
}

function isLocal(host: string | undefined): boolean {
  return host === "localhost" || host?.endsWith(".localhost") === true;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo | null)?.port ?? 0;
}

function listen(server: Server, port: number, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const why =
        "code" in error && error.code === "EADDRINUSE" ? "is taken by another program; choose another" : error.message;
      reject(new Error(`The gateway cannot listen at ${address}: port ${port} ${why}.`, { cause: error }));
    });
    server.listen(port, address, resolve);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
