/** A cluster's API server as the rest of the product asks it: typed calls, each with an end, every failure of one class. */
import type { Readable } from "node:stream";
import type * as kubernetes from "@kubernetes/client-node";
import type { ClusterAccess } from "../domain/cluster-access.ts";
import { clusterFailure } from "./failure.ts";
import { openTransport, type Transport } from "./transport.ts";

/** The groups of the API that are used; a further one is added here. */
export interface ClusterApis {
  core: kubernetes.CoreV1Api;
  apps: kubernetes.AppsV1Api;
  batch: kubernetes.BatchV1Api;
  networking: kubernetes.NetworkingV1Api;
  policy: kubernetes.PolicyV1Api;
  rbac: kubernetes.RbacAuthorizationV1Api;
  storage: kubernetes.StorageV1Api;
  authorization: kubernetes.AuthorizationV1Api;
  version: kubernetes.VersionApi;
}

export interface RawCall {
  /** GET when left out. */
  method?: string;
  /** With its query: `/apis/metrics.k8s.io/v1beta1/pods?limit=500`. */
  path: string;
  /** Sent as JSON, unless it is text. */
  body?: unknown;
  /** `application/json` when left out. */
  contentType?: string;
  /** Names, labels and no content: of a list of Secrets, too. */
  metadataOnly?: boolean;
  signal?: AbortSignal;
}

export interface StreamCall extends Pick<RawCall, "path" | "signal"> {
  /** A node sends nothing, not even that it heard, until a log it was asked to follow has a line. */
  mayBeQuiet?: boolean;
}

export interface ClusterClient {
  /**
   * Asks by the typed calls.
   * @param doing for people, as the end of "the cluster refused to": `list pods`
   * @throws ClusterFailure
   */
  ask<T>(doing: string, work: (apis: ClusterApis) => Promise<T>): Promise<T>;
  /** One call by its path; gives the answer's JSON. @throws ClusterFailure */
  raw(doing: string, call: RawCall): Promise<unknown>;
  /** An answer that goes on: logs that are followed, watches. Whoever asked destroys it. @throws ClusterFailure */
  stream(doing: string, call: StreamCall): Promise<Readable>;
  /** Lets go of idle connections. */
  close(): void;
}

export interface ConnectOptions {
  /** Which addresses may be connected to: for a cluster that a customer named. Every one when left out. */
  allows?: ((address: string) => boolean) | undefined;
  /** For each call. */
  timeoutSeconds?: number;
}

const TIMEOUT_SECONDS = 20;
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/**
 * Opens a client. Nothing is asked of the cluster yet.
 * @param access where, and as whom
 * @throws ClusterFailure `forbidden` when the server's address may not be connected to
 */
export async function connect(access: ClusterAccess, options: ConnectOptions = {}): Promise<ClusterClient> {
  const transport = openTransport(access, {
    allows: options.allows,
    timeoutSeconds: options.timeoutSeconds ?? TIMEOUT_SECONDS,
  });
  // A second to load; only who talks to a cluster waits for it.
  const library = await import("@kubernetes/client-node");
  const apis = openApis(library, transport);

  return {
    async ask(doing, work) {
      try {
        return await work(apis);
      } catch (error) {
        throw clusterFailure(error, doing);
      }
    },

    async raw(doing, { method = "GET", path, body, contentType = "application/json", metadataOnly, signal }) {
      try {
        const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
        const headers = {
          ...(text !== undefined && { "content-type": contentType }),
          ...(metadataOnly && { accept: METADATA_LIST }),
        };
        const reply = await transport.send({
          method,
          path,
          signal,
          headers,
          ...(text !== undefined && { body: text }),
        });
        const words = reply.body.toString("utf8");
        if (reply.status >= 300) throw Object.assign(new Error(), { code: reply.status, body: words });
        return words === "" ? undefined : JSON.parse(words);
      } catch (error) {
        throw clusterFailure(error, doing);
      }
    },

    async stream(doing, call) {
      try {
        const answer = await transport.open({ method: "GET", ...call });
        const code = answer.statusCode ?? 0;
        if (code < 300) return answer;
        let words = "";
        for await (const chunk of answer) words += String(chunk);
        throw Object.assign(new Error(), { code, body: words });
      } catch (error) {
        throw clusterFailure(error, doing);
      }
    },

    close: () => transport.close(),
  };
}

/** The library's typed calls over our transport: none of its own ways to read files, run programs or follow redirects. */
function openApis(library: typeof kubernetes, transport: Transport): ClusterApis {
  const configuration = library.createConfiguration({
    baseServer: new library.ServerConfiguration("https://api-server", {}),
    authMethods: { default: { getName: () => "transport", applySecurityAuthentication: () => undefined } },
    httpApi: library.wrapHttpLibrary({
      async send(request) {
        const url = new URL(request.getUrl());
        const body = request.getBody();
        const reply = await transport.send({
          method: request.getHttpMethod(),
          path: `${url.pathname}${url.search}`,
          headers: request.getHeaders(),
          body: typeof body === "string" ? body : undefined,
          signal: request.getSignal(),
        });
        const headers = Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name, String(value)]));
        return new library.ResponseContext(reply.status, headers, {
          text: async () => reply.body.toString("utf8"),
          binary: async () => reply.body,
        });
      },
    }),
  });
  return {
    core: new library.CoreV1Api(configuration),
    apps: new library.AppsV1Api(configuration),
    batch: new library.BatchV1Api(configuration),
    networking: new library.NetworkingV1Api(configuration),
    policy: new library.PolicyV1Api(configuration),
    rbac: new library.RbacAuthorizationV1Api(configuration),
    storage: new library.StorageV1Api(configuration),
    authorization: new library.AuthorizationV1Api(configuration),
    version: new library.VersionApi(configuration),
  };
}
