/**
 * A stream of any length, sealed under a passphrase with AES-256-GCM in numbered chunks: nothing of it can be read,
 * changed, put in another order or cut off without being noticed, and neither side holds more than a chunk in memory.
 *
 * `ONVERA BACKUP 1\n`, 16 bytes salt, 16 bytes that tell a wrong passphrase, then chunks: one byte (1 for the last), four
 * bytes length, ciphertext, 16 bytes tag. The key is scrypt's of the passphrase; its salt is never used twice, so the
 * chunk's number is nonce enough.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { ByteReader } from "./byte-reader.ts";
import { damaged, wrongPassphrase } from "./errors.ts";

const MAGIC = Buffer.from("ONVERA BACKUP 1\n");
const SALT_BYTES = 16;
const CHECK_BYTES = 16;
const TAG_BYTES = 16;
const CHUNK_BYTES = 1024 * 1024;
/** About half a second and 128 MiB for each guess. */
const scryptCost = { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 };

/** Seals what comes; yields the bytes of the file. */
export async function* sealStream(
  plaintext: AsyncIterable<Buffer>,
  passphrase: string,
): AsyncGenerator<Buffer, void, void> {
  const salt = randomBytes(SALT_BYTES);
  const { key, check } = await keysOf(passphrase, salt);
  yield Buffer.concat([MAGIC, salt, check]);
  let held: Buffer[] = [];
  let size = 0;
  let number = 0;
  for await (const piece of plaintext) {
    held.push(piece);
    size += piece.length;
    if (size < CHUNK_BYTES) continue;
    const all = Buffer.concat(held, size);
    let at = 0;
    for (; all.length - at > CHUNK_BYTES; at += CHUNK_BYTES) {
      yield sealChunk(key, number++, false, all.subarray(at, at + CHUNK_BYTES));
    }
    held = [all.subarray(at)];
    size = all.length - at;
  }
  yield sealChunk(key, number, true, Buffer.concat(held, size));
}

/**
 * Opens what `sealStream` made.
 * @throws SetupError `backup-unreadable`: another passphrase, changed or cut off, or no such file at all
 */
export async function* openStream(
  sealed: AsyncIterable<Buffer>,
  passphrase: string,
): AsyncGenerator<Buffer, void, void> {
  const reader = new ByteReader(sealed);
  const magic = await reader.take(MAGIC.length);
  if (magic === undefined || !magic.equals(MAGIC)) throw damaged("it does not begin as a backup of Onvera does");
  const salt = await taken(reader, SALT_BYTES);
  const expected = await taken(reader, CHECK_BYTES);
  const { key, check } = await keysOf(passphrase, salt);
  if (!timingSafeEqual(check, expected)) throw wrongPassphrase();
  for (let number = 0; ; number += 1) {
    const head = await taken(reader, 5);
    const isLast = head[0] === 1;
    const length = head.readUInt32BE(1);
    if (length > CHUNK_BYTES) throw damaged(`chunk ${number} is longer than any can be`);
    const body = await taken(reader, length + TAG_BYTES);
    yield openChunk(key, number, isLast, body);
    if (!isLast) continue;
    if ((await reader.take(1)) !== undefined) throw damaged("something was added to its end");
    return;
  }
}

async function taken(reader: ByteReader, length: number): Promise<Buffer> {
  const bytes = await reader.take(length);
  if (bytes === undefined) throw damaged("it is cut off");
  return bytes;
}

async function keysOf(passphrase: string, salt: Buffer): Promise<{ key: Buffer; check: Buffer }> {
  const root = await new Promise<Buffer>((resolve, reject) => {
    scrypt(passphrase.normalize("NFKC"), salt, 32, scryptCost, (error, key) => (error ? reject(error) : resolve(key)));
  });
  const derived = (name: string, length: number) => Buffer.from(hkdfSync("sha256", root, salt, name, length));
  return { key: derived("onvera backup chunks", 32), check: derived("onvera backup passphrase", CHECK_BYTES) };
}

const nonce = (number: number): Buffer => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(number, 8);
  return bytes;
};

function sealChunk(key: Buffer, number: number, isLast: boolean, plaintext: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head[0] = isLast ? 1 : 0;
  head.writeUInt32BE(plaintext.length, 1);
  const cipher = createCipheriv("aes-256-gcm", key, nonce(number)).setAAD(head);
  return Buffer.concat([head, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function openChunk(key: Buffer, number: number, isLast: boolean, body: Buffer): Buffer {
  const at = body.length - TAG_BYTES;
  const head = Buffer.alloc(5);
  head[0] = isLast ? 1 : 0;
  head.writeUInt32BE(at, 1);
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, nonce(number), { authTagLength: TAG_BYTES }).setAAD(head);
    decipher.setAuthTag(body.subarray(at));
    return Buffer.concat([decipher.update(body.subarray(0, at)), decipher.final()]);
  } catch (cause) {
    throw damaged(`chunk ${number} was changed`, cause);
  }
}
