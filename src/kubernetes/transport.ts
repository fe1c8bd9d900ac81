/** The one way bytes go to an API server: its own authority only, no redirects, a limit of time and size on every answer. */
import { type LookupAddress, type LookupOptions, lookup } from "node:dns";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import https from "node:https";
import { isIP, type LookupFunction } from "node:net";
import type { ClusterAccess } from "../domain/cluster-access.ts";
import { ClusterFailure } from "./failure.ts";

/** A list of all pods of a large cluster is some tens of megabytes. */
const MOST_BYTES = 256 * 1024 * 1024;

export interface TransportOptions {
  /** Which addresses may be connected to; every one when left out. */
  allows?: ((address: string) => boolean) | undefined;
  /** For the whole of a call that is no stream. */
  timeoutSeconds: number;
}

export interface Call {
  method: string;
  /** With its query, below the server's address. */
  path: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | undefined;
  /** Ends the call; the time-out holds besides, except for a stream. */
  signal?: AbortSignal | undefined;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export interface Transport {
  /** Sends and reads the whole answer, whatever its status. */
  send(call: Call): Promise<Reply>;
  /**
   * Sends and gives the answer as it comes; whoever asked destroys it. The time-out holds until it begins, unless it may be
   * quiet: then the connection's own keep-alive tells of a server that is gone.
   */
  open(call: Call & { mayBeQuiet?: boolean }): Promise<IncomingMessage>;
  close(): void;
}

/** @param access where, and as whom @throws ClusterFailure `forbidden` when the server's address may not be connected to */
export function openTransport(access: ClusterAccess, { allows, timeoutSeconds }: TransportOptions): Transport {
  const base = new URL(access.server);
  const host = base.hostname.replace(/^\[|\]$/g, "");
  // Node asks no lookup for what is an address already.
  if (allows && isIP(host) !== 0 && !allows(host)) throw refusedAddress(host);
  const agent = new https.Agent({
    ca: access.certificateAuthority,
    keepAlive: true,
    ...("clientCertificate" in access && { cert: access.clientCertificate, key: access.clientKey }),
    ...(allows && { lookup: guardedLookup(allows) }),
  });
  const authorization = "token" in access ? { authorization: `Bearer ${access.token}` } : {};

  const begin = ({ method, path, headers, body, signal }: Call): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => {
      const request = https.request(
        {
          agent,
          method,
          host,
          port: base.port === "" ? 443 : Number(base.port),
          path: `${base.pathname.replace(/\/$/, "")}${path}`,
          signal,
          headers: {
            accept: "application/json",
            "user-agent": "onvera",
            ...(body !== undefined && { "content-length": String(Buffer.byteLength(body)) }),
            ...headers,
            ...authorization,
          },
        },
        resolve,
      );
      request.on("error", reject);
      request.end(body);
    });

  return {
    async send(call) {
      const limit = AbortSignal.timeout(timeoutSeconds * 1000);
      const signal = call.signal ? AbortSignal.any([call.signal, limit]) : limit;
      const answer = await begin({ ...call, signal });
      const chunks: Buffer[] = [];
      let size = 0;
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        size += chunk.length;
        if (size > MOST_BYTES) throw new ClusterFailure("failed", "The cluster's answer was longer than 256 MiB.");
        chunks.push(chunk);
      }
      return { status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) };
    },

    async open(call) {
      const beginning = new AbortController();
      const late = () => beginning.abort(new Error("it did not answer in time."));
      const timer = call.mayBeQuiet ? undefined : setTimeout(late, timeoutSeconds * 1000);
      const signal = call.signal ? AbortSignal.any([call.signal, beginning.signal]) : beginning.signal;
      try {
        return await begin({ ...call, signal });
      } finally {
        clearTimeout(timer);
      }
    },

    close: () => agent.destroy(),
  };
}

/** Looks up as Node does and gives nothing when one address is not allowed: which would be taken is Node's choice. */
function guardedLookup(allows: (address: string) => boolean): LookupFunction {
  return (host: string, options: LookupOptions, done) => {
    lookup(host, { ...options, all: true }, (error: NodeJS.ErrnoException | null, found: LookupAddress[]) => {
      if (error) return done(error, []);
      const bad = found.find(({ address }) => !allows(address));
      if (bad !== undefined) return done(refusedAddress(host), []);
      const [first] = found;
      if (options.all || first === undefined) return done(null, found);
      done(null, first.address, first.family);
    });
  };
}

const refusedAddress = (host: string): ClusterFailure =>
  new ClusterFailure(
    "forbidden",
    `The host ${host} leads to an address inside a network. The platform operator can allow it (ONVERA_PRIVATE_CLUSTER_HOSTS).`,
  );
