/** Puts the real server together for tests, and listens where it is told to. */
import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { noTracer, type Tracer } from "../../src/automation/tracing.ts";
import type { SealingKey } from "../../src/domain/envelope.ts";
import { signInAddress } from "../../src/domain/sign-in.ts";
import { createApp, type ServerApp } from "../../src/server/app.ts";
import type { ServerDeps, ServerLog } from "../../src/server/deps.ts";
import { defaultIdentityPolicy, type IdentityPolicy } from "../../src/server/identity/provider.ts";
import { defaultLimits, type Limits } from "../../src/server/middleware/rate-limit.ts";
import { startOperationHub } from "../../src/server/operation-hub.ts";
import { noRuntime, type RuntimeReader } from "../../src/server/runtime-reader.ts";
import { openTokens } from "../../src/server/tokens.ts";
import { defaultWebhookPolicy, type WebhookPolicy } from "../../src/server/webhooks/retries.ts";
import { openCustody } from "../../src/store/crypto/custody.ts";
import { openDataKeys } from "../../src/store/crypto/data-keys.ts";
import { keyRing as fixedKeyRing, type KeyRing } from "../../src/store/crypto/master-key.ts";
import type { Store } from "../../src/store/database.ts";

export interface AssembleOptions {
  store: Store;
  /** One key, or those `openKeyRing` gave. */
  masterKey: SealingKey | KeyRing;
  /** The product's version. */
  version: string;
  /** True without root. */
  singleOrganization: boolean;
  testApps?: boolean;
  /** @default no node can be asked */
  runtime?: RuntimeReader;
  /** @default nothing is logged */
  log?: ServerLog;
  signUp?: ServerDeps["signUp"];
  limits?: Partial<Limits>;
  webhooks?: Partial<WebhookPolicy>;
  privateClusterHosts?: readonly string[];
  identity?: Partial<IdentityPolicy>;
  /** @default no mail is sent */
  mail?: ServerDeps["mail"];
  /** @default nothing is traced */
  tracer?: Tracer;
  /** The docs page's script (`standalone.js` of @scalar/api-reference). */
  docsScript?: string;
  /** Folder of a built dashboard. */
  dashboardFolder?: string;
  now?: () => Date;
}

export interface AssembledServer {
  app: ServerApp;
  deps: ServerDeps;
  /**
   * Listens on an address.
   * @returns the port, which was chosen by the system where 0 was asked for
   * @throws the system's error when the port is taken
   */
  listen(address: {
    host: string;
    port: number;
    /** Told of every answer. */
    onAnswer?: (request: { method: string; path: string }, status: number) => void;
  }): Promise<{ port: number }>;
  /** Takes no new requests, ends streams, writes what is open. The store stays open: it is the caller's. */
  stop(): Promise<void>;
}

const silent: ServerLog = { error: () => undefined, info: () => undefined, debug: () => undefined };

/** Builds the server; the operation hub begins to listen in the background. */
export function assembleServer(options: AssembleOptions): AssembledServer {
  const { store, masterKey } = options;
  const keyRing = "all" in masterKey ? masterKey : fixedKeyRing([masterKey]);
  const dataKeys = openDataKeys(keyRing);
  const hub = startOperationHub(store.connectionString);
  let issuer: string | undefined;
  const deps: ServerDeps = {
    store,
    custody: openCustody(dataKeys),
    dataKeys,
    tokens: openTokens({ store, dataKeys }),
    hub,
    runtime: options.runtime ?? noRuntime,
    log: options.log ?? silent,
    version: options.version,
    singleOrganization: options.singleOrganization,
    testApps: options.testApps ?? false,
    signUp: options.signUp ?? "invite-only",
    limits: { ...defaultLimits, ...options.limits },
    mail: options.mail,
    tracer: options.tracer ?? noTracer,
    issuer: () => issuer,
    webhooks: { ...defaultWebhookPolicy, ...options.webhooks },
    privateClusterHosts: options.privateClusterHosts ?? [],
    identity: { ...defaultIdentityPolicy, ...options.identity },
    docsScript: options.docsScript,
    dashboardFolder: options.dashboardFolder,
    addressOf,
    now: options.now ?? (() => new Date()),
  };
  const app = createApp(deps);
  let server: Server | undefined;

  return {
    app,
    deps,
    listen: ({ host, port, onAnswer }) =>
      new Promise((resolve, reject) => {
        const answer: typeof app.fetch = async (request, ...rest) => {
          const response = await app.fetch(request, ...rest);
          onAnswer?.({ method: request.method, path: new URL(request.url).pathname }, response.status);
          return response;
        };
        const started = serve({ fetch: answer, hostname: host, port }, (info) => {
          issuer = signInAddress(`http://${host}:${info.port}`, "").issuer;
          resolve({ port: info.port });
        }) as Server;
        // Long polls and streams stay open longer than Node's own limit for a request.
        started.requestTimeout = 0;
        started.once("error", reject);
        server = started;
      }),
    async stop() {
      const listening = server;
      if (listening) {
        const closed = new Promise((resolve) => listening.close(resolve));
        listening.closeIdleConnections();
        const hard = setTimeout(() => listening.closeAllConnections(), 2000);
        await hub.stop();
        await closed;
        clearTimeout(hard);
      }
      await hub.stop();
      await app.drain();
    },
  };
}

/** @hono/node-server hands the socket over in the environment. */
function addressOf(context: unknown): string | undefined {
  const { env } = context as { env?: { incoming?: { socket?: { remoteAddress?: string } } } };
  return env?.incoming?.socket?.remoteAddress;
}
