/** Passes requests on to an app's port. */
import { Agent, type IncomingMessage, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createProxyServer } from "httpxy";

export interface ForwardEvents {
  /** The app began to answer. */
  began(): void;
  /** It did not answer at all; nothing has been sent yet. */
  failed(reason: string): void;
}

/** Long queries answer late and event streams pause; an hour without a single byte is neither. */
const SILENCE_MILLISECONDS = 3_600_000;
const UPGRADE_MILLISECONDS = 30_000;

export class Forwarder {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 512, maxFreeSockets: 64, scheduling: "lifo" });
  readonly #upgraded = new Set<Duplex>();
  readonly #events = new WeakMap<IncomingMessage, ForwardEvents>();
  readonly #proxy = createProxyServer({ proxyTimeout: SILENCE_MILLISECONDS, upgradeTimeout: UPGRADE_MILLISECONDS });

  constructor() {
    this.#proxy.on("proxyRes", (answer, request) => {
      withoutCookieDomains(answer);
      this.#events.get(request)?.began();
    });
    this.#proxy.on("error", (error, request, response) => {
      const events = request === undefined ? undefined : this.#events.get(request);
      if (response !== undefined && "headersSent" in response && !response.headersSent && !response.destroyed) {
        events?.failed(words(error));
      } else {
        response?.destroy();
      }
    });
  }

  /** Passes a request on; the answer goes to the response as it comes. */
  web(request: IncomingMessage, response: ServerResponse, port: number, events: ForwardEvents): void {
    this.#events.set(request, events);
    const target = { host: "127.0.0.1", port, protocol: "http:" };
    void this.#proxy.web(request, response, { target, agent: this.#agent }).catch(() => response.destroy());
  }

  /** Joins a WebSocket to the app's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, port: number): void {
    this.#upgraded.add(socket);
    socket.once("close", () => this.#upgraded.delete(socket));
    const target = { host: "127.0.0.1", port, protocol: "http:" };
    void this.#proxy.ws(request, socket as Socket, { target }, head).catch(() => socket.destroy());
  }

  /** Ends open WebSockets and idle connections to apps. */
  close(): void {
    for (const socket of this.#upgraded) socket.destroy();
    this.#agent.destroy();
  }
}

/** A cookie for the whole domain would reach the other deployments below it. */
function withoutCookieDomains(answer: IncomingMessage): void {
  const cookies = answer.headers["set-cookie"];
  if (cookies !== undefined)
    answer.headers["set-cookie"] = cookies.map((cookie) => cookie.replace(/;\s*domain=[^;]*/gi, ""));
}

function words(error: Error): string {
  return "code" in error && error.code === "ECONNREFUSED" ? "nothing listens at its port" : error.message;
}
