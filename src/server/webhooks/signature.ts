/** Standard Webhooks signatures: HMAC-SHA256 over `id.timestamp.body`, one for each secret that is good. */
import { createHmac, randomBytes } from "node:crypto";
import { SECRET_PREFIX } from "../../domain/webhook-events.ts";

const SECRET_BYTES = 32;

/** A fresh secret, `whsec_` and base64. */
export const newSecret = (): string => `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString("base64")}`;

/**
 * The three headers of a delivery.
 * @param id of the message: the same at every try, so that a receiver can drop what it has
 * @param at milliseconds since 1970
 */
export function signedHeaders(
  { id, at, body }: { id: string; at: number; body: string },
  secrets: readonly string[],
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.slice(SECRET_PREFIX.length), "base64");
    return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`;
  });
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") };
}
