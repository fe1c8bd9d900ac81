/** Sends one webhook to an address a customer chose. */
import { askGuarded, type OutboundPolicy, outboundFault } from "../outbound/guarded-request.ts";

/** What is kept of an answer. */
const EXCERPT_BYTES = 1024;

export interface SendOptions extends OutboundPolicy {
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
  const signal = AbortSignal.timeout(options.timeoutMilliseconds);
  const request = {
    method: "POST",
    headers: { "content-type": "application/json", "user-agent": "onvera-webhooks/1", ...headers },
    body,
    signal,
    mostBytes: EXCERPT_BYTES,
  };
  try {
    const answer = await askGuarded(target, request, options);
    // PostgreSQL's text takes no zero characters.
    return ended({ status: answer.status, response: answer.body.toString("utf8").replaceAll("\u0000", "") });
  } catch (error) {
    return ended({ error: signal.aborted ? "It did not answer in time." : outboundFault(error) });
  }
}
