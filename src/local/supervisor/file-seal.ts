/**
 * Seals what the supervisor keeps on the disk and may hold a customer's secrets, under a key of this node alone. It must
 * open without the control plane: after a reboot the apps start again by the supervisor's files only.
 */
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { KEY_BYTES, type SealingKey, seal, unseal } from "../../domain/envelope.ts";
import { readJsonFile, writeJsonFile } from "./state-file.ts";

const KeyFile = z.object({ key: z.base64() });
const Sealed = z.strictObject({
  $sealed: z.object({ v: z.literal(1), kid: z.string(), iv: z.string(), tag: z.string(), ct: z.string() }),
});

/** Makes this node's key where there is none; for the supervisor alone, which holds its lock while it does so. */
export function ensureSealingKey(keyFile: string): void {
  const folder = path.dirname(keyFile);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  chmodSync(folder, 0o700);
  if (readJsonFile(keyFile) === undefined) writeJsonFile(keyFile, { key: randomBytes(KEY_BYTES).toString("base64") });
}

/**
 * What stands in a file in place of `value`.
 * @param place where it stands; elsewhere it does not open
 * @throws Error when the node has no key yet
 */
export function sealInFile(keyFile: string, value: unknown, place: string): unknown {
  return { $sealed: seal(readKey(keyFile), JSON.stringify(value), place) };
}

/**
 * The value again. What was written before there was a key is given as it is.
 * @throws SealError when the key is another one or the value was moved or changed
 */
export function openFromFile(keyFile: string, stored: unknown, place: string): unknown {
  const member = Sealed.safeParse(stored);
  if (!member.success) return stored;
  return JSON.parse(unseal(readKey(keyFile), member.data.$sealed, place).toString("utf8"));
}

function readKey(keyFile: string): SealingKey {
  const content = KeyFile.safeParse(readJsonFile(keyFile));
  if (!content.success) {
    throw new Error(
      `There is no key in ${keyFile}: the supervisor of this node makes it when it starts ('onvera start').`,
    );
  }
  const key = Buffer.from(content.data.key, "base64");
  // Named by a digest, so that another node's key is told from a damaged file.
  return { id: `nk_${createHash("sha256").update("onvera node key\0").update(key).digest("hex").slice(0, 16)}`, key };
}
