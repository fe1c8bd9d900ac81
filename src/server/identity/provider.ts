/** An organization's identity provider, asked over the network: every request goes through the guard for customers' addresses. */
import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  type CustomFetch,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
} from "openid-client";
import { askGuarded, type OutboundPolicy, outboundFault, urlFault } from "../outbound/guarded-request.ts";

/** Far more than any discovery document or key set. */
const MOST_BYTES = 512 * 1024;

export interface IdentityPolicy extends OutboundPolicy {
  /** How long one request to a provider may take. */
  timeoutSeconds: number;
}

export const defaultIdentityPolicy: IdentityPolicy = { privateHosts: [], timeoutSeconds: 10 };

export interface ProviderAddress {
  issuer: string;
  clientId: string;
  /** Undefined for a client without one; PKCE stands in for it. */
  clientSecret: string | undefined;
}

export interface Check {
  name: "address" | "discovery" | "issuer" | "code_flow" | "pkce" | "signatures" | "keys";
  ok: boolean;
  detail: string;
}

/**
 * Reads the provider's discovery document.
 * @throws Error when it cannot be had or is another issuer's
 */
export function openProvider(address: ProviderAddress, policy: IdentityPolicy): Promise<Configuration> {
  const { issuer, clientId, clientSecret } = address;
  const fault = urlFault(issuer, policy);
  if (fault !== undefined) throw new Error(fault);
  const isPlain = new URL(issuer).protocol === "http:";
  return discovery(
    new URL(issuer),
    clientId,
    undefined,
    clientSecret === undefined ? None() : secretAuth(clientSecret),
    {
      [customFetch]: guardedFetch(policy),
      timeout: policy.timeoutSeconds,
      // The guard lets http through for hosts the operator named, and for no others.
      execute: [enableNonRepudiationChecks, ...(isPlain ? [allowInsecureRequests] : [])],
    },
  );
}

/** Looks at all that a sign-in will need, and says of each whether it is there. Never rejects. */
export async function checkProvider(address: ProviderAddress, policy: IdentityPolicy): Promise<Check[]> {
  const fault = urlFault(address.issuer, policy);
  if (fault !== undefined) return [{ name: "address", ok: false, detail: fault }];
  const checks: Check[] = [{ name: "address", ok: true, detail: address.issuer }];
  try {
    const config = await openProvider(address, policy);
    const server = config.serverMetadata();
    const { code_challenge_methods_supported: pkce, response_types_supported: types = [] } = server;
    const algorithms = server.id_token_signing_alg_values_supported ?? ["RS256"];
    const isCode = types.includes("code") && server.token_endpoint !== undefined;
    return [
      ...checks,
      { name: "discovery", ok: true, detail: "The discovery document was read." },
      { name: "issuer", ok: true, detail: server.issuer },
      { name: "code_flow", ok: isCode, detail: isCode ? "supported" : "It does not offer the code flow." },
      {
        name: "pkce",
        ok: pkce === undefined || pkce.includes("S256"),
        detail: pkce === undefined ? "not told; it is sent all the same" : pkce.join(", "),
      },
      { name: "signatures", ok: algorithms.some((name) => !/^(HS|none)/.test(name)), detail: algorithms.join(", ") },
      await checkKeys(server.jwks_uri, policy),
    ];
  } catch (error) {
    const detail = providerFault(error);
    return [...checks, { name: /issuer/i.test(detail) ? "issuer" : "discovery", ok: false, detail }];
  }
}

async function checkKeys(address: string | undefined, policy: IdentityPolicy): Promise<Check> {
  try {
    const answer = await guardedFetch(policy)(address ?? "", {
      method: "GET",
      headers: {},
      body: null,
      redirect: "manual",
    });
    const { keys } = (await answer.json()) as { keys?: unknown };
    const count = Array.isArray(keys) ? keys.length : 0;
    return { name: "keys", ok: count > 0, detail: `${count} at ${address}` };
  } catch (error) {
    return { name: "keys", ok: false, detail: providerFault(error) };
  }
}

/** What went wrong, in words for whoever set the provider up; never with a token or a secret in it. */
export function providerFault(error: unknown): string {
  if (!(error instanceof Error)) return outboundFault(error);
  const code = "code" in error ? String(error.code) : "";
  if (code === "OAUTH_TIMEOUT") return "It did not answer in time.";
  // What the provider itself answered as an error, by its code (RFC 6749).
  if ("error" in error && typeof error.error === "string") return error.error.replace(/[^\w .-]/g, "").slice(0, 60);
  const inner = error.cause instanceof Error ? error.cause : error;
  return code.startsWith("OAUTH_") ? inner.message.slice(0, 200) : outboundFault(inner);
}

const guardedFetch =
  (policy: IdentityPolicy): CustomFetch =>
  async (url, { method, headers, body, signal }) => {
    const answer = await askGuarded(
      url,
      {
        method,
        headers: { "user-agent": "onvera-sign-in/1", accept: "application/json", ...headers },
        body: body instanceof URLSearchParams || typeof body === "string" ? String(body) : undefined,
        signal: signal ?? AbortSignal.timeout(policy.timeoutSeconds * 1000),
        mostBytes: MOST_BYTES,
      },
      policy,
    );
    if (answer.isCut) throw new Error("Its answer is too large.");
    const type = answer.headers["content-type"];
    const isEmpty = [204, 205, 304].includes(answer.status);
    return new Response(isEmpty ? null : new Uint8Array(answer.body), {
      status: answer.status,
      headers: type === undefined ? {} : { "content-type": type },
    });
  };

/** By the header, as a provider expects it that says nothing else; in the body where it takes only that. */
const secretAuth =
  (secret: string): ClientAuth =>
  (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    const way = methods.includes("client_secret_basic") ? ClientSecretBasic(secret) : ClientSecretPost(secret);
    return way(server, ...rest);
  };
