/**
 * The two calls of Vault's transit engine that Pulumi's `hashivault://` secrets provider makes, served on loopback for
 * one operation: the CLI's data key is wrapped with the stack's own key, and no passphrase exists anywhere (ADR 0005).
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { z } from "zod";

export interface TransitEndpoint {
  url: string;
  token: string;
  /** What the stack's settings name: the CLI's data key, wrapped. The same for a stack each time, so its state is too. */
  encryptedKey: string;
  close(): Promise<void>;
}

const PREFIX = "vault:v1:";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const BODY_LIMIT_BYTES = 64 * 1024;

/**
 * Serves one key.
 * @param keyName the last part of the provider's URL, bound to every ciphertext
 * @param key 32 bytes
 */
export async function serveTransit(keyName: string, key: Buffer): Promise<TransitEndpoint> {
  const token = randomBytes(32).toString("base64url");
  const server = createServer((request, response) => {
    const answer = (status: number, body: unknown) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    };
    if (!sameText(String(request.headers["x-vault-token"] ?? ""), token)) return answer(403, { errors: ["denied"] });
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    readBody(request)
      .then((text) => {
        if (path === `/v1/transit/encrypt/${keyName}`) {
          const { plaintext } = z.object({ plaintext: z.string() }).parse(JSON.parse(text));
          return answer(200, { data: { ciphertext: wrap(keyName, key, Buffer.from(plaintext, "base64")) } });
        }
        if (path === `/v1/transit/decrypt/${keyName}`) {
          const { ciphertext } = z.object({ ciphertext: z.string() }).parse(JSON.parse(text));
          return answer(200, { data: { plaintext: unwrap(keyName, key, ciphertext).toString("base64") } });
        }
        return answer(404, { errors: ["no such key"] });
      })
      .catch(() => answer(400, { errors: ["the value cannot be opened with this stack's key"] }));
  });
  const port = await listen(server);
  const dataKey = Buffer.from(hkdfSync("sha256", key, "", `pulumi data key of ${keyName}`, 32));
  return {
    encryptedKey: Buffer.from(wrap(keyName, key, dataKey)).toString("base64"),
    url: `http://127.0.0.1:${port}`,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function wrap(keyName: string, key: Buffer, plaintext: Buffer): string {
  // Made from the value itself: equal values have equal ciphertexts, and two values never share a nonce.
  const nonce = createHmac("sha256", key)
    .update(keyName)
    .update("\0")
    .update(plaintext)
    .digest()
    .subarray(0, NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(keyName));
  const sealed = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return PREFIX + Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString("base64");
}

function unwrap(keyName: string, key: Buffer, ciphertext: string): Buffer {
  if (!ciphertext.startsWith(PREFIX)) throw new Error("Not a value of this endpoint");
  const bytes = Buffer.from(ciphertext.slice(PREFIX.length), "base64");
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(keyName)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
}

function sameText(given: string, expected: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > BODY_LIMIT_BYTES) throw new Error("Body too large");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
      else reject(new Error("The key endpoint has no port"));
    });
  });
}
