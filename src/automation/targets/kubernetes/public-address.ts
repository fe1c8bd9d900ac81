/** Whether a deployment answers at its public address, asked as a browser would: by name, whoever resolves it. */
import http, { type RequestOptions } from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { HostAndPort } from "../../../domain/kubernetes-settings.ts";

export interface PublicAddress {
  /** `https://name.example.com` */
  url: string;
  health: { path: string; expectStatus: number };
  /** Where the ingress controller is reached when the name is not in DNS. */
  ingressAddress: HostAndPort | null;
}

/** An answer's status, or why none came. */
export type PublicAnswer = { ok: boolean; detail: string };

const TIMEOUT_MILLISECONDS = 10_000;
const PAUSE_MILLISECONDS = 500;

/** Asks once; never rejects. */
export async function askPublicly(address: PublicAddress, signal?: AbortSignal): Promise<PublicAnswer> {
  try {
    const status = await ask(address, signal).catch((error: unknown) => {
      // An ingress controller that speaks no TLS at that port still leads to the app.
      if (address.ingressAddress !== null && isNoTls(error)) return ask(address, signal, "http:");
      throw error;
    });
    const ok = status === address.health.expectStatus;
    return { ok, detail: ok ? `answered ${status}` : `answered ${status} instead of ${address.health.expectStatus}` };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Resolves when it answers as it should.
 * @returns the last answer when the time was over before
 */
export async function untilReachable(
  address: PublicAddress,
  { signal, limitSeconds, say }: { signal: AbortSignal; limitSeconds: number; say(message: string): void },
): Promise<PublicAnswer> {
  const deadline = performance.now() + limitSeconds * 1000;
  for (let said = ""; ; ) {
    const answer = await askPublicly(address, signal);
    if (answer.ok || performance.now() > deadline) return answer;
    if (answer.detail !== said) say(`Waiting for ${address.url}: ${answer.detail}`);
    said = answer.detail;
    await sleep(PAUSE_MILLISECONDS, undefined, { signal });
  }
}

function ask({ url, health, ingressAddress }: PublicAddress, signal?: AbortSignal, protocol?: string): Promise<number> {
  const { hostname, host, port, protocol: own } = new URL(url);
  const spoken = protocol ?? own;
  const options: RequestOptions & https.RequestOptions = {
    host: ingressAddress?.host ?? hostname,
    port: ingressAddress?.port ?? (port === "" ? undefined : Number(port)),
    path: health.path,
    headers: { host },
    timeout: TIMEOUT_MILLISECONDS,
    agent: false,
    ...(signal && { signal }),
    // Nothing secret is sent, and without the domain in DNS no public authority can have signed for it.
    ...(spoken === "https:" && { servername: hostname, rejectUnauthorized: ingressAddress === null }),
  };
  return new Promise((resolve, reject) => {
    const asked = (spoken === "https:" ? https : http).request(options, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on("timeout", () => asked.destroy(new Error("it did not answer in time")));
    asked.on("error", reject);
    asked.end();
  });
}

const isNoTls = (error: unknown): boolean =>
  error instanceof Error && "code" in error && /^(EPROTO|ERR_SSL_)/.test(String(error.code));
