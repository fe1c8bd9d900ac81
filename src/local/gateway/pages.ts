/** The answers the gateway gives itself: a small page for a person, JSON for a program. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Upstream } from "./upstream.ts";

export interface Notice {
  status: number;
  code: string;
  title: string;
  message: string;
  /** A command that helps. */
  command?: string;
  /** The page asks again by itself after so many seconds. */
  retrySeconds?: number;
}

/** What to say when a request cannot be passed on. */
export function noticeFor(upstream: Exclude<Upstream, { kind: "forward" }>, host: string): Notice {
  switch (upstream.kind) {
    case "unknown":
      return {
        status: 404,
        code: "HOST_UNKNOWN",
        title: "There is nothing here",
        message: `No deployment answers at ${host}. It may have been destroyed, or the address has a typing error.`,
        command: "onvera list",
      };
    case "closed":
      return {
        status: 503,
        code: "DEPLOYMENT_CLOSED",
        title: "This deployment is closed",
        message: "Access has been withdrawn, as happens while a deployment is being destroyed.",
        command: `onvera get ${upstream.deploymentId}`,
      };
    case "stopped":
      return {
        status: 503,
        code: "DEPLOYMENT_STOPPED",
        title: "This deployment is stopped",
        message: "Its data is kept, and it comes back at this address when it is started.",
        command: `onvera start ${upstream.deploymentId}`,
      };
    case "starting":
      return {
        status: 503,
        code: "DEPLOYMENT_STARTING",
        title: "This deployment is starting",
        message: "This page shows it as soon as it answers.",
        retrySeconds: 2,
      };
    case "down":
      return brokenNotice(upstream.deploymentId, upstream.process, upstream.reason);
  }
}

/** What to say when the app's process is gone or hangs up. @param reason the system's or the supervisor's own words */
export function brokenNotice(deploymentId: string, process: string, reason: string): Notice {
  return {
    status: 502,
    code: "PROCESS_NOT_ANSWERING",
    title: `The process “${process}” does not answer`,
    message: `It is started again by itself. Its last words are in the log. (${reason})`,
    command: `onvera logs ${deploymentId} --process ${process}`,
    retrySeconds: 5,
  };
}

/** Sends a notice in the form the client asks for. */
export function sendNotice(request: IncomingMessage, response: ServerResponse, notice: Notice): void {
  const asJson = !/text\/html/.test(request.headers.accept ?? "") && /json/.test(request.headers.accept ?? "");
  const retry = notice.retrySeconds === undefined ? {} : { "retry-after": String(notice.retrySeconds) };
  const body = asJson ? json(notice) : page(notice);
  response.writeHead(notice.status, {
    "content-type": asJson ? "application/problem+json" : "text/html; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    // What is left of the request's body is not read, so the connection cannot be used again.
    ...(request.method === "GET" || request.method === "HEAD" ? {} : { connection: "close" }),
    ...retry,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function json({ code, title, message, status, command }: Notice): string {
  const error = { code, message, ...(command === undefined ? {} : { next: command }) };
  return JSON.stringify({ type: "about:blank", title, status, detail: message, error });
}

function page(notice: Notice): string {
  const refresh =
    notice.retrySeconds === undefined ? "" : `<meta http-equiv="refresh" content="${notice.retrySeconds}">`;
  const command = notice.command === undefined ? "" : `<pre>${escapeHtml(notice.command)}</pre>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">${refresh}<meta name="viewport" content="width=device-width">
<title>${escapeHtml(notice.title)}</title>
<style>
  :root { color-scheme: light dark }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1.5rem }
  h1 { font-size: 1.5rem; margin: 0 0 .5rem }
  pre { background: #8882; border-radius: 6px; padding: .75rem 1rem; overflow: auto }
  footer { color: #888; margin-top: 2rem; font-size: .85rem }
</style></head>
<body><h1>${escapeHtml(notice.title)}</h1><p>${escapeHtml(notice.message)}</p>${command}<footer>Onvera · ${notice.status}</footer></body></html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
