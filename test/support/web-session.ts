/** A browser's share of visiting a deployment: cookies kept, the address dialed on this machine, http or https. */
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { expect } from "vitest";

export interface SessionAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  json(): any;
}

export interface SessionRequest {
  method?: string;
  headers?: Record<string, string>;
  json?: unknown;
  form?: Record<string, string>;
}

export interface WebSession {
  /** As a browser names it: `https://host`. */
  origin: string;
  ask(path: string, request?: SessionRequest): Promise<SessionAnswer>;
  cookies: Map<string, string>;
}

/**
 * @param url the deployment's address; its port is dialed on 127.0.0.1
 * @param authority certificate to trust, for https
 * @param ingress dialed instead, and whatever certificate it shows is taken
 */
export function openSession(url: string, authority?: string, ingress?: { host: string; port: number }): WebSession {
  const { host, hostname, origin, port, protocol } = new URL(url);
  const cookies = new Map<string, string>();
  const ask: WebSession["ask"] = (path, { method, headers = {}, json, form } = {}) =>
    new Promise((resolve, reject) => {
      const body = json === undefined ? form && new URLSearchParams(form).toString() : JSON.stringify(json);
      const outgoing = (protocol === "https:" ? requestHttps : requestHttp)(
        {
          host: ingress?.host ?? "127.0.0.1",
          port: ingress?.port ?? port,
          path,
          method: method ?? (body === undefined ? "GET" : "POST"),
          ...(protocol === "https:"
            ? { servername: hostname, ca: authority, rejectUnauthorized: ingress === undefined }
            : {}),
          headers: {
            host,
            ...(json === undefined ? {} : { "content-type": "application/json" }),
            ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
            ...(cookies.size === 0
              ? {}
              : { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") }),
            ...headers,
          },
          timeout: 60_000,
        },
        (answer) => {
          for (const cookie of answer.headers["set-cookie"] ?? []) {
            const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
            cookies.set(name, value);
          }
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("error", reject);
          answer.on("end", () => {
            const text = Buffer.concat(chunks).toString("utf8");
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              body: text,
              json: () => JSON.parse(text),
            });
          });
        },
      );
      outgoing.on("timeout", () =>
        outgoing.destroy(new Error(`${method ?? "GET"} ${path}: no answer within a minute`)),
      );
      outgoing.on("error", reject);
      outgoing.end(body);
    });
  return { origin, ask, cookies };
}

/** Checks that a page answers and that every file it asks its browser to load from its own host does. */
export async function expectWholePage(session: WebSession, path: string): Promise<void> {
  const page = await session.ask(path);
  expect(page.status).toBe(200);
  const found = [...page.body.matchAll(/<(?:script|link|img)\b[^>]*?\b(?:src|href)="([^"]+)"/g)];
  const files = [...new Set(found.map((match) => match[1] ?? ""))].filter((file) => /^\/(?!\/)/.test(file));
  expect(files.length).toBeGreaterThan(10);
  const answers = await Promise.all(files.map((file) => session.ask(file)));
  expect(answers.map((answer, index) => [files[index], answer.status])).toEqual(files.map((file) => [file, 200]));
  expect(answers.every((answer) => answer.body.length > 0)).toBe(true);
}
