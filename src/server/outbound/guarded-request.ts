/** Asks an address that a customer chose: checked, pinned, bounded in time and size, following nobody. */
import { lookup } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { addressVerdict } from "../../domain/address-verdict.ts";

export interface OutboundPolicy {
  /** Hosts that may have private or loopback addresses and be asked by http; named by the operator. */
  privateHosts: readonly string[];
}

export interface OutboundRequest {
  method: string;
  headers: Readonly<Record<string, string>>;
  body?: string | Uint8Array | undefined;
  signal: AbortSignal;
  /** What is read of an answer at most, bytes. */
  mostBytes: number;
}

export interface OutboundAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** True where there was more than `mostBytes`. */
  isCut: boolean;
}

/** What is wrong with an address as it is written, in words for who wrote it; undefined when nothing is. */
export function urlFault(text: string, { privateHosts }: OutboundPolicy): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) return "It is not a URL.";
  const host = hostOf(url);
  const isNamed = privateHosts.includes(host);
  if (url.protocol !== "https:" && !(isNamed && url.protocol === "http:")) return "It must begin with https://.";
  if (url.username !== "" || url.password !== "") return "It must not hold a user or password.";
  if (isIP(host) !== 0 && !isNamed && addressVerdict(host) !== "open")
    return "It leads to an address inside a network.";
  if (/(^|\.)localhost$/.test(host) && !isNamed) return "It leads to an address inside a network.";
  return undefined;
}

/**
 * Asks, after the address was found fit and the name was looked up; the very address that was checked is connected to.
 * @throws Error in words for a person where the address is refused; the system's error otherwise
 */
export async function askGuarded(target: string, request: OutboundRequest, policy: OutboundPolicy) {
  const fault = urlFault(target, policy);
  if (fault !== undefined) throw new Error(fault);
  const url = new URL(target);
  return ask(url, await openAddress(hostOf(url), policy.privateHosts), request);
}

/**
 * The address to connect to. The name may lead elsewhere a moment later, so this very one is used.
 * @throws Error when a host that is not named leads inside a network, or nowhere
 */
export async function openAddress(host: string, privateHosts: readonly string[]): Promise<string> {
  const addresses = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host }];
  const [first] = addresses;
  const isInside = addresses.some(({ address }) => addressVerdict(address) !== "open");
  if (first === undefined || (isInside && !privateHosts.includes(host)))
    throw new Error("The host leads to an address inside a network.");
  return first.address;
}

function ask(
  url: URL,
  address: string,
  { method, headers, body, signal, mostBytes }: OutboundRequest,
): Promise<OutboundAnswer> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request(url, {
      method,
      agent: false,
      signal,
      lookup: (_host, options, done) => {
        const family = isIP(address);
        if (options.all) done(null, [{ address, family }]);
        else done(null, address, family);
      },
      headers: { ...headers, ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }) },
    });
    request.on("error", reject);
    request.on("response", (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = () => {
        const whole = Buffer.concat(chunks);
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: whole.subarray(0, mostBytes),
          isCut: whole.length > mostBytes,
        });
        request.destroy();
      };
      answer.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > mostBytes) finish();
      });
      answer.on("end", finish);
      answer.on("error", reject);
    });
    request.end(body);
  });
}

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").toLowerCase();

/** Why an address could not be asked, in words for a person. */
export function outboundFault(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const words: Record<string, string> = {
    ECONNREFUSED: "Nothing listens there.",
    ENOTFOUND: "The host name is not known.",
    EAI_AGAIN: "The host name could not be looked up.",
    ECONNRESET: "The connection was cut.",
    CERT_HAS_EXPIRED: "Its certificate has expired.",
    DEPTH_ZERO_SELF_SIGNED_CERT: "Its certificate is self-signed.",
    ERR_TLS_CERT_ALTNAME_INVALID: "Its certificate is for another host.",
  };
  return words[code] ?? (error instanceof Error ? error.message.slice(0, 200) : "It could not be asked.");
}
