/** An app's side of signing in, step by step: what the apps' OpenID library does, with every step open to be tampered with. */
import { createHash, randomBytes } from "node:crypto";
import { CLIENT_SECRET } from "../../src/domain/sign-in.ts";
import type { TestServer } from "./http.ts";

export interface AppClient {
  id: string;
  secret: string;
  redirectUri: string;
}

export interface Attempt {
  state: string;
  nonce: string;
  verifier: string;
}

/** Makes the secret of a deployment's client, as the worker does. */
export async function clientOfDeployment(
  server: TestServer,
  organizationId: string,
  id: string,
  redirectUri: string,
): Promise<AppClient> {
  const secret = await server.store.asPlatform((db) =>
    server.deps.custody.ensure(db, { ownerId: id, organizationId, name: CLIENT_SECRET }, () =>
      randomBytes(32).toString("base64url"),
    ),
  );
  return { id, secret, redirectUri };
}

/** A browser as far as the provider is concerned: cookies by name, redirects not followed. */
export function openBrowser() {
  const cookies = new Map<string, string>();
  return {
    cookies,
    async ask(url: string): Promise<Response> {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
      const answer = await fetch(url, { redirect: "manual", headers: cookie === "" ? {} : { cookie } });
      for (const line of answer.headers.getSetCookie()) {
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
        if (value === "") cookies.delete(name);
        else cookies.set(name, value);
      }
      return answer;
    },
  };
}

export type Browser = ReturnType<typeof openBrowser>;

const random = () => randomBytes(24).toString("base64url");

/** The address an app sends the browser to; `changes` replaces parameters, undefined leaves one out. */
export function authorization(
  issuer: string,
  client: AppClient,
  changes: Record<string, string | undefined> = {},
): { url: string; attempt: Attempt } {
  const attempt = { state: random(), nonce: random(), verifier: random() + random() };
  const parameters: Record<string, string | undefined> = {
    client_id: client.id,
    redirect_uri: client.redirectUri,
    response_type: "code",
    scope: "openid email profile role",
    state: attempt.state,
    nonce: attempt.nonce,
    code_challenge: createHash("sha256").update(attempt.verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...changes,
  };
  const given = Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { url: `${issuer}/auth?${new URLSearchParams(given)}`, attempt };
}

/** Exchanges a code as an app does. */
export async function redeem(
  issuer: string,
  client: AppClient,
  { code, verifier, secret = client.secret }: { code: string; verifier: string; secret?: string },
) {
  const answer = await fetch(`${issuer}/token`, {
    method: "POST",
    headers: {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(client.id)}:${encodeURIComponent(secret)}`).toString("base64")}`,
      "content-type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams({
      grant_type: "authorization_code",
      code,
      redirect_uri: client.redirectUri,
      code_verifier: verifier,
    }),
  });
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  return { status: answer.status, body: (await answer.json()) as any };
}
