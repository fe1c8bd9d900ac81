/**
 * An OpenID provider in a process of its own, behind a listener that can alter what it answers: tokens are signed anew with the
 * provider's own key, so that only the claim in question is wrong.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { type CryptoKey, decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";

export interface Account {
  email?: string;
  email_verified?: boolean;
  name?: string;
  groups?: string[];
}

export interface IdentityProviderProcess {
  issuer: string;
  client: { client_id: string; client_secret: string };
  /** Alters the claims of every ID token; undefined leaves them. */
  alter: ((claims: Record<string, unknown>) => Record<string, unknown>) | undefined;
  /** Signs with a key the provider does not publish. */
  signsFalsely: boolean;
  /** Signs in there as a browser does. @returns the query it is sent back with */
  signIn(authorizationUrl: string, login: string): Promise<string>;
  close(): Promise<void>;
}

/** @param accounts what the provider says of each login @param redirectUri where browsers are sent back to */
export async function startIdentityProvider(
  accounts: Record<string, Account>,
  redirectUri: string,
): Promise<IdentityProviderProcess> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const stranger = await generateKeyPair("RS256");
  const key = { ...(await exportJWK(privateKey)), kid: "only", alg: "RS256", use: "sig" };
  const client = { client_id: "onvera", client_secret: "a secret of the client" };
  const front = http.createServer();
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  const { port: outer } = front.address() as { port: number };
  const issuer = `http://127.0.0.1:${outer}`;
  const setup = {
    issuer,
    accounts,
    jwks: { keys: [key] },
    client: { ...client, redirect_uris: [redirectUri], scope: "openid email profile groups" },
  };
  const child = spawn(process.execPath, [new URL("./identity-provider.mjs", import.meta.url).pathname], {
    env: { ...process.env, PROVIDER_SETUP: JSON.stringify(setup) },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const port = await portOf(child);
  const provider: IdentityProviderProcess = {
    issuer,
    client,
    alter: undefined,
    signsFalsely: false,
    signIn,
    async close() {
      front.close();
      front.closeAllConnections();
      const gone = once(child, "exit");
      child.kill();
      await gone;
    },
  };
  const signAgain = (token: string): Promise<string> => {
    const claims = decodeJwt(token);
    const signing: CryptoKey = provider.signsFalsely ? stranger.privateKey : privateKey;
    return new SignJWT(provider.alter?.(claims) ?? claims)
      .setProtectedHeader({ alg: "RS256", kid: "only" })
      .sign(signing);
  };
  front.on("request", (request, answer) => void pass(port, request, answer, signAgain));
  return provider;
}

async function pass(
  port: number,
  request: http.IncomingMessage,
  answer: http.ServerResponse,
  signAgain: (token: string) => Promise<string>,
): Promise<void> {
  const { method, headers, url: path } = request;
  const onward = http.request({ host: "127.0.0.1", port, method, headers, path });
  request.pipe(onward);
  const [inner] = (await once(onward, "response")) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of inner) chunks.push(chunk as Buffer);
  let body = Buffer.concat(chunks);
  if (path?.startsWith("/token") && inner.statusCode === 200) {
    const tokens = JSON.parse(body.toString("utf8")) as { id_token: string };
    body = Buffer.from(JSON.stringify({ ...tokens, id_token: await signAgain(tokens.id_token) }));
  }
  answer.writeHead(inner.statusCode ?? 500, { ...inner.headers, "content-length": body.length });
  answer.end(body);
}

/** Follows the provider's pages, filling in its forms, until it sends the browser away. */
async function signIn(authorizationUrl: string, login: string): Promise<string> {
  const { origin } = new URL(authorizationUrl);
  const cookies = new Map<string, string>();
  let next = authorizationUrl;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < 12; step++) {
    const answer = await fetch(next, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form && { method: "POST", body: form }),
    });
    for (const cookie of answer.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    form = undefined;
    const location = answer.headers.get("location");
    const text = await answer.text();
    if (location !== null) {
      const target = new URL(location, next);
      if (target.origin !== origin) return target.search;
      next = target.href;
      continue;
    }
    const [, prompt = ""] = /name="prompt" value="(\w+)"/.exec(text) ?? [];
    const [, action = ""] = /action="([^"]+)"/.exec(text) ?? [];
    if (prompt === "") throw new Error(`The provider shows no form: ${answer.status} ${text.slice(0, 300)}`);
    form = new URLSearchParams(prompt === "login" ? { prompt, login, password: "any" } : { prompt });
    next = new URL(action, next).href;
  }
  throw new Error("The provider never sent the browser back.");
}

async function portOf(child: ChildProcess): Promise<number> {
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`The provider ended with ${code}.`);
  });
  exited.catch(() => undefined);
  const [line] = await Promise.race([once(child.stdout ?? child, "data"), exited]);
  return Number(String(line));
}
