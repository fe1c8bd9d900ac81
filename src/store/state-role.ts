/** The login Pulumi's state backend uses: owns schema `pulumi` and nothing else. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import pg from "pg";

const SCRAM_ITERATIONS = 4096;

/** Name of the state login of a control-plane database. */
export const stateRoleName = (database: string): string => `${database}_state`;

/**
 * Sets the state login's password. Safe to repeat; the password itself never reaches the server or its log.
 * @param connectionString the control plane's own connection
 * @returns the login's name
 */
export async function ensureStateRole(connectionString: string, password: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  // A server that goes away between two statements fails the next one; it must not end this process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>("SELECT current_database() AS name");
    const role = stateRoleName(rows[0]?.name ?? "onvera");
    const verifier = client.escapeLiteral(scramVerifier(password));
    // Workers that start at once would fail on each other: PostgreSQL refuses two changes of one role.
    await client.query("SELECT pg_advisory_lock(hashtextextended('onvera state role', 0))");
    await client.query(`ALTER ROLE ${client.escapeIdentifier(role)} LOGIN PASSWORD ${verifier}`);
    return role;
  } finally {
    await client.end();
  }
}

/** What PostgreSQL stores for a password (RFC 5802), made here so that the password is never part of a statement. */
function scramVerifier(password: string, salt: Buffer = randomBytes(16)): string {
  const salted = pbkdf2Sync(password, salt, SCRAM_ITERATIONS, 32, "sha256");
  const keyed = (text: string) => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(keyed("Client Key")).digest("base64");
  const serverKey = keyed("Server Key").toString("base64");
  return `SCRAM-SHA-256$${SCRAM_ITERATIONS}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}
