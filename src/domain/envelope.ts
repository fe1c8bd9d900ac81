/** AES-256-GCM as the one way a secret is sealed at rest. The associated data ties a value to the row it belongs to. */
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";

const ALGORITHM = "aes-256-gcm";
const IV_BYTES = 12;
export const KEY_BYTES = 32;

/** AES-256-GCM: `ct` is the ciphertext, `tag` its authentication, `kid` the key that opens it; all base64. */
export interface SealedValue {
  v: 1;
  kid: string;
  iv: string;
  tag: string;
  ct: string;
}

/** What stands in place of a sealed member of a larger value. */
export interface SealedMember {
  $sealed: SealedValue;
}

/** A 256-bit key and the name it is stored under. */
export interface SealingKey {
  id: string;
  key: Buffer;
}

/**
 * Seals `plaintext` so that only the same key together with the same `associatedData` opens it.
 * @param associatedData where the value lives (`table|owner|name|version`); moving it elsewhere makes it unreadable
 */
export function seal(key: SealingKey, plaintext: Buffer | string, associatedData: string): SealedValue {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv(ALGORITHM, key.key, iv);
  cipher.setAAD(Buffer.from(associatedData, "utf8"));
  const bytes = typeof plaintext === "string" ? Buffer.from(plaintext, "utf8") : plaintext;
  const ciphertext = Buffer.concat([cipher.update(bytes), cipher.final()]);
  return {
    v: 1,
    kid: key.id,
    iv: iv.toString("base64"),
    tag: cipher.getAuthTag().toString("base64"),
    ct: ciphertext.toString("base64"),
  };
}

/**
 * Opens a sealed value.
 * @throws SealError when the key is another one, or when value or associated data were changed
 */
export function unseal(key: SealingKey, sealed: SealedValue, associatedData: string): Buffer {
  if (sealed.kid !== key.id) {
    throw new SealError(`The value was sealed with key ${sealed.kid}, not with ${key.id}.`);
  }
  try {
    const decipher = createDecipheriv(ALGORITHM, key.key, Buffer.from(sealed.iv, "base64"), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(associatedData, "utf8"));
    decipher.setAuthTag(Buffer.from(sealed.tag, "base64"));
    return Buffer.concat([decipher.update(Buffer.from(sealed.ct, "base64")), decipher.final()]);
  } catch (cause) {
    throw new SealError(`The sealed value of ${associatedData} does not open: it was changed or moved.`, { cause });
  }
}

/** A value that cannot be opened: wrong key, changed bytes or another place. */
export class SealError extends Error {
  override readonly name = "SealError";
}
