/** The keys everything else is wrapped with: from the environment, from a file, or made on the first run. */
import { createHash, randomBytes } from "node:crypto";
import { KEY_BYTES, type SealingKey } from "../../domain/envelope.ts";
import { createOnce } from "./create-once.ts";
import { isMissing, readKeyFile } from "./key-file.ts";

export interface MasterKeySource {
  /** Value of ONVERA_MASTER_KEY: a key as base64 or hex; several, newest first, with commas or line ends between them. */
  value?: string | undefined;
  /** Value of ONVERA_MASTER_KEY_FILE: a file that must exist. */
  file?: string | undefined;
  /** Where the keys are kept when neither is given; made on the first run, mode 0600. */
  defaultFile: string;
}

/** The master keys of an installation: one, and while they are rotated two. */
export interface KeyRing {
  /** The file the keys stand in; undefined when they come from the environment. */
  readonly file: string | undefined;
  /** Newest first, as they were read last. */
  all(): readonly SealingKey[];
  /** A key by name. The file is read again when it is not known, so that nobody restarts for a rotation. */
  byId(id: string): Promise<SealingKey | undefined>;
}

/**
 * Finds the master keys; makes one when the installation has none yet.
 * @throws Error with the next step when the text holds no 256-bit keys or the file is readable by others
 */
export async function openKeyRing(source: MasterKeySource): Promise<KeyRing> {
  if (source.value) return keyRing(masterKeysFrom(source.value, "ONVERA_MASTER_KEY"));
  const file = source.file ?? source.defaultFile;
  const read = async () => masterKeysFrom(await readKeyFile(file), file);
  let keys: readonly SealingKey[];
  try {
    keys = await read();
  } catch (error) {
    if (source.file || !isMissing(error)) throw error;
    createOnce(file, keyLine(newMasterKey()));
    keys = await read();
  }
  return {
    file,
    all: () => keys,
    async byId(id) {
      if (!keys.some((key) => key.id === id)) keys = await read();
      return keys.find((key) => key.id === id);
    },
  };
}

/** A ring of keys that stay as they are. */
export const keyRing = (keys: readonly SealingKey[]): KeyRing => ({
  file: undefined,
  all: () => keys,
  byId: async (id) => keys.find((key) => key.id === id),
});

/**
 * Reads keys in their text form, one a line, the newest first. A line is the key in base64 or hex, with its name before it
 * or, as older versions wrote it, without.
 * @param where named in the error, never the text itself
 * @throws Error when one is not 32 bytes, or not the one its name tells of
 */
export function masterKeysFrom(text: string, where: string): [SealingKey, ...SealingKey[]] {
  const lines = text.split(/[\n,]/).flatMap((line) => line.trim() || []);
  const [first = "", ...rest] = lines;
  return [masterKeyFrom(first, where), ...rest.map((line) => masterKeyFrom(line, where))];
}

function masterKeyFrom(line: string, where: string): SealingKey {
  const [, name, text = ""] = /^(?:(mk_[0-9a-f]{16})\s+)?(\S*)$/.exec(line) ?? [];
  const key = /^[0-9a-fA-F]{64}$/.test(text) ? Buffer.from(text, "hex") : Buffer.from(text, "base64");
  if (key.length !== KEY_BYTES) {
    throw new Error(
      `The master key in ${where} is not 32 bytes of base64 or hex. Make one with 'openssl rand -base64 32', or restore the one this database was set up with.`,
    );
  }
  const id = masterKeyId(key);
  if (name !== undefined && name !== id) {
    throw new Error(`The key named ${name} in ${where} is another one, ${id}. Restore the file from a copy.`);
  }
  return { id, key };
}

/** A fresh key. */
export function newMasterKey(): SealingKey {
  const key = randomBytes(KEY_BYTES);
  return { id: masterKeyId(key), key };
}

/** A key as it stands in the key file. */
export const keyLine = ({ id, key }: SealingKey): string => `${id} ${key.toString("base64")}\n`;

/** Names a master key without telling anything about it, so that a wrong one is noticed by name. */
function masterKeyId(key: Buffer): string {
  return `mk_${createHash("sha256").update("onvera master key id\0").update(key).digest("hex").slice(0, 16)}`;
}
