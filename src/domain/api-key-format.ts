/** The written form of an API key: `onv_sk_live_`, 44 random characters, and a checksum of six that finds typing errors offline. */
import { createHash, randomInt } from "node:crypto";

export const API_KEY_PREFIX = "onv_sk_live_";
const RANDOM_LENGTH = 44;
const CHECKSUM_LENGTH = 6;
const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const FORM = new RegExp(`^${API_KEY_PREFIX}[a-z0-9]{${RANDOM_LENGTH + CHECKSUM_LENGTH}}$`);

/** Makes a new key: 44 characters of 36 are 227 bits. */
export function newApiKey(draw: (max: number) => number = randomInt): string {
  const random = Array.from({ length: RANDOM_LENGTH }, () => ALPHABET[draw(ALPHABET.length)]).join("");
  return `${API_KEY_PREFIX}${random}${checksum(random)}`;
}

/** Whether a text can be a key at all: its form and its checksum. */
export function looksLikeApiKey(text: string): boolean {
  if (!FORM.test(text)) return false;
  const random = text.slice(API_KEY_PREFIX.length, -CHECKSUM_LENGTH);
  return text.endsWith(checksum(random));
}

/** What is stored of a key. A fast hash is right: the key is random, nobody can guess through it. */
export function hashApiKey(key: string): Buffer {
  return createHash("sha256").update(key, "utf8").digest();
}

/** What lists show of a key, enough to tell two apart: `onv_sk_live_abcd…wxyz`. */
export function apiKeyHint(key: string): string {
  return `${key.slice(0, API_KEY_PREFIX.length + 4)}…${key.slice(-4)}`;
}

function checksum(random: string): string {
  const digest = createHash("sha256").update(`onvera api key ${random}`, "utf8").digest();
  return Array.from(digest.subarray(0, CHECKSUM_LENGTH), (byte) => ALPHABET[byte % ALPHABET.length]).join("");
}
