/** Sends one webhook to an address a customer chose: checked, pinned, bounded in time and size, following nobody. */
import { lookup } from "node:dns/promises";
import http from "node:http";
import https from "node:https";
import { isIP } from "node:net";
import { addressVerdict } from "../../domain/address-verdict.ts";

/** What is kept of an answer. */
const EXCERPT_BYTES = 1024;

export interface SendOptions {
  /** Hosts that may have private or loopback addresses and be asked by http; named by the operator. */
  privateHosts: readonly string[];
  timeoutMilliseconds: number;
}

export interface Sent {
  /** Null where no answer came. */
  status: number | null;
  /** Why not; null for any answer. */
  error: string | null;
  /** The beginning of the answer's body. */
  response: string;
  milliseconds: number;
}

/** What is wrong with an address as it is written, in words for who wrote it; undefined when nothing is. */
export function urlFault(text: string, { privateHosts }: Pick<SendOptions, "privateHosts">): string | undefined {
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

/** Posts the body. Never rejects: what went wrong is in the answer. */
export async function sendWebhook(
  target: string,
  { body, headers }: { body: string; headers: Readonly<Record<string, string>> },
  options: SendOptions,
): Promise<Sent> {
  const startedAt = performance.now();
  const ended = (facts: Partial<Sent>): Sent => ({
    status: null,
    error: null,
    response: "",
    milliseconds: Math.round(performance.now() - startedAt),
    ...facts,
  });
  const fault = urlFault(target, options);
  if (fault !== undefined) return ended({ error: fault });
  const url = new URL(target);
  const signal = AbortSignal.timeout(options.timeoutMilliseconds);
  try {
    const address = await openAddress(hostOf(url), options.privateHosts);
    return ended(await post(url, address, { body, headers, signal }));
  } catch (error) {
    return ended({ error: signal.aborted ? "It did not answer in time." : wordsOf(error) });
  }
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

function post(
  url: URL,
  address: string,
  { body, headers, signal }: { body: string; headers: Readonly<Record<string, string>>; signal: AbortSignal },
): Promise<Pick<Sent, "status" | "response">> {
  return new Promise((resolve, reject) => {
    const request = (url.protocol === "https:" ? https : http).request(url, {
      method: "POST",
      agent: false,
      signal,
      lookup: (_host, options, done) => {
        const family = isIP(address);
        if (options.all) done(null, [{ address, family }]);
        else done(null, address, family);
      },
      headers: {
        "content-type": "application/json",
        "content-length": String(Buffer.byteLength(body)),
        "user-agent": "onvera-webhooks/1",
        ...headers,
      },
    });
    request.on("error", reject);
    request.on("response", (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const finish = () => {
        const response = Buffer.concat(chunks).subarray(0, EXCERPT_BYTES).toString("utf8");
        // PostgreSQL's text takes no zero characters.
        resolve({ status: answer.statusCode ?? 0, response: response.replaceAll("\u0000", "") });
        request.destroy();
      };
      answer.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= EXCERPT_BYTES) finish();
      });
      answer.on("end", finish);
      answer.on("error", reject);
    });
    request.end(body);
  });
}

const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").toLowerCase();

function wordsOf(error: unknown): string {
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
