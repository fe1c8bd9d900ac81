/** The one key everything else is wrapped with: from the environment, from a file, or made on the first run. */
import { createHash, randomBytes } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { KEY_BYTES, type SealingKey } from "../../domain/envelope.ts";
import { createOnce } from "./create-once.ts";

export interface MasterKeySource {
  /** Value of ONVERA_MASTER_KEY: 32 bytes as base64 or hex. */
  value?: string | undefined;
  /** Value of ONVERA_MASTER_KEY_FILE: a file that must exist. */
  file?: string | undefined;
  /** Where the key is kept when neither is given; made on the first run, mode 0600. */
  defaultFile: string;
}

/**
 * Finds the master key; makes one when the installation has none yet.
 * @throws Error with the next step when the text is no 256-bit key or the file is readable by others
 */
export async function loadMasterKey(source: MasterKeySource): Promise<SealingKey> {
  if (source.value) return masterKeyFrom(source.value, "ONVERA_MASTER_KEY");
  if (source.file) return masterKeyFrom(await readKeyFile(source.file), source.file);
  const existing = await readKeyFile(source.defaultFile).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (existing !== undefined) return masterKeyFrom(existing, source.defaultFile);
  createOnce(source.defaultFile, `${randomBytes(KEY_BYTES).toString("base64")}\n`);
  return masterKeyFrom(await readKeyFile(source.defaultFile), source.defaultFile);
}

/**
 * Reads a key's text form.
 * @param where named in the error, never the text itself
 * @throws Error when it is not 32 bytes in base64 or hex
 */
export function masterKeyFrom(text: string, where: string): SealingKey {
  const trimmed = text.trim();
  const key = /^[0-9a-fA-F]{64}$/.test(trimmed) ? Buffer.from(trimmed, "hex") : Buffer.from(trimmed, "base64");
  if (key.length !== KEY_BYTES) {
    throw new Error(
      `The master key in ${where} is not 32 bytes of base64 or hex. Make one with 'openssl rand -base64 32', or restore the one this database was set up with.`,
    );
  }
  return { id: masterKeyId(key), key };
}

/** Names a master key without telling anything about it, so that a wrong one is noticed by name. */
function masterKeyId(key: Buffer): string {
  return `mk_${createHash("sha256").update("onvera master key id\0").update(key).digest("hex").slice(0, 16)}`;
}

async function readKeyFile(path: string): Promise<string> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) {
    throw new Error(`The master key file ${path} can be read by other users. Run 'chmod 600 ${path}' and start again.`);
  }
  return readFile(path, "utf8");
}

const isMissing = (error: unknown) => error instanceof Error && "code" in error && error.code === "ENOENT";
