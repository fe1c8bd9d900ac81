/** Everything the server needs from outside, given by argument. */
import type { Tracer } from "../automation/tracing.ts";
import type { Custody } from "../store/crypto/custody.ts";
import type { DataKeys } from "../store/crypto/data-keys.ts";
import type { Store } from "../store/database.ts";
import type { IdentityPolicy } from "./identity/provider.ts";
import type { Limits } from "./middleware/rate-limit.ts";
import type { OperationHub } from "./operation-hub.ts";
import type { RuntimeReader } from "./runtime-reader.ts";
import type { Tokens } from "./tokens.ts";
import type { WebhookPolicy } from "./webhooks/retries.ts";

export interface ServerLog {
  error(fields: Record<string, unknown>, message: string): void;
  info(fields: Record<string, unknown>, message: string): void;
  debug(fields: Record<string, unknown>, message: string): void;
}

export interface ServerDeps {
  store: Store;
  custody: Custody;
  dataKeys: DataKeys;
  tokens: Tokens;
  hub: OperationHub;
  runtime: RuntimeReader;
  log: ServerLog;
  /** The product's version. */
  version: string;
  /** True without root: every app shares one system user, so a second organization is refused. */
  singleOrganization: boolean;
  /** True in test installations: the bench app is accepted. */
  testApps: boolean;
  /** Whether strangers may make accounts of their own, or only people with an invitation. */
  signUp: "open" | "invite-only";
  limits: Limits;
  webhooks: WebhookPolicy;
  /** Hosts with private addresses that customers' clusters and their database servers may have. */
  privateClusterHosts: readonly string[];
  /** How organizations' own identity providers are asked. */
  identity: IdentityPolicy;
  /** Where links in mails lead; undefined where no mail is sent. */
  mail: { dashboardUrl: string } | undefined;
  tracer: Tracer;
  /** The name of the OpenID provider, which is its address (`http://127.0.0.1:7600/oidc`); undefined until the server listens. */
  issuer(): string | undefined;
  /** File of the docs page's script; without it the page lists the document's address only. */
  docsScript?: string | undefined;
  /** Folder of the built dashboard; without it there is only the API. */
  dashboardFolder?: string | undefined;
  /** The address a request came from, out of its Hono context, for limits; undefined where nobody knows. */
  addressOf(context: unknown): string | undefined;
  now(): Date;
}
