/** SCRAM-SHA-256 verifiers, so that a password itself never stands in a statement or a server's log. */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);
const ITERATIONS = 4096;

/** What PostgreSQL stores for this password (`SCRAM-SHA-256$4096:salt$stored:server`). */
export async function scramVerifier(password: string, salt: Buffer = randomBytes(16)): Promise<string> {
  return verifier(password, salt, ITERATIONS);
}

/** True when the stored text is a SCRAM verifier of this password. */
export async function matchesVerifier(password: string, stored: string): Promise<boolean> {
  const match = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(stored);
  if (match?.[1] === undefined || match[2] === undefined) return false;
  const expected = Buffer.from(await verifier(password, Buffer.from(match[2], "base64"), Number(match[1])));
  const actual = Buffer.from(stored);
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

async function verifier(password: string, salt: Buffer, iterations: number): Promise<string> {
  const salted = await derive(password.normalize("NFKC"), salt, iterations, 32, "sha256");
  const hmac = (text: string) => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${hmac("Server Key").toString("base64")}`;
}
