/** Small secrets the installation keeps for itself, one 0600 file each, made on first use. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createOnce } from "../store/crypto/create-once.ts";

/** Reads the secret in `file`, or makes it. Two processes that start at once end up with the same value. */
export function ensureSecretFile(
  file: string,
  make: () => string = () => randomBytes(24).toString("base64url"),
): string {
  const existing = read(file);
  if (existing !== undefined) return existing;
  createOnce(file, make());
  return readFileSync(file, "utf8").trim();
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
