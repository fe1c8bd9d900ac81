/** What the gateway changes in a request before an app sees it: our own credentials out, the truth about the client in. */
import type { IncomingHttpHeaders } from "node:http";

export interface ClientFacts {
  address: string;
  protocol: "http" | "https";
  /** As the client named it, with the port if it gave one. */
  host: string;
  port: number;
}

const OWN_COOKIE = /^(?:__Host-|__Secure-)?onvera/i;
/** A key of ours, alone or after a scheme such as `Bearer`. */
const OWN_KEY = /^(?:[A-Za-z-]+\s+)?onv_/;

/**
 * Changes the headers in place. Names of ours that a client sent are never passed on, and what it claims about
 * addresses before us is replaced by what we see.
 */
export function cleanRequestHeaders(headers: IncomingHttpHeaders, client: ClientFacts): void {
  for (const name of Object.keys(headers)) {
    if (name.startsWith("x-forwarded-") || name === "x-real-ip" || name === "forwarded") delete headers[name];
  }
  removeOwnCookies(headers);
  if (headers.authorization !== undefined && OWN_KEY.test(headers.authorization.trim())) delete headers.authorization;
  const key = headers["x-api-key"];
  if (key !== undefined && OWN_KEY.test(String(key).trim())) delete headers["x-api-key"];
  headers["x-forwarded-for"] = client.address;
  headers["x-forwarded-proto"] = client.protocol;
  headers["x-forwarded-host"] = client.host;
  headers["x-forwarded-port"] = String(client.port);
  headers["x-real-ip"] = client.address;
}

function removeOwnCookies(headers: IncomingHttpHeaders): void {
  if (headers.cookie === undefined) return;
  const kept = headers.cookie.split(";").filter((cookie) => !OWN_COOKIE.test(cookie.trim()));
  const text = kept.join(";").trim();
  if (text === "") delete headers.cookie;
  else headers.cookie = text;
}

/** The host a request is for, in lower case and without its port; undefined when it names none. */
export function requestedHost(header: string | undefined): string | undefined {
  const host = header?.toLowerCase().replace(/:\d+$/, "").replace(/\.$/, "");
  return host === undefined || !/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(host) ? undefined : host;
}
