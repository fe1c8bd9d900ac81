/** JSON files that survive a crash at any moment: either the old content or the new, never half of it. */
import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import path from "node:path";

export interface WriteOptions {
  /** Wait until the disk has it. Leave out for what a reboot makes worthless anyway. */
  durable: boolean;
}

/**
 * Replaces a JSON file in one step, mode 0600.
 * @throws the system's error when the disk refuses; the old content is then still there.
 */
export function writeJsonFile(file: string, value: unknown, options: WriteOptions): void {
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    const descriptor = openSync(temporary, "wx", 0o600);
    try {
      writeSync(descriptor, `${JSON.stringify(value)}\n`);
      if (options.durable) fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (options.durable) syncFolder(folder);
}

/** Reads a JSON file; undefined when there is none. @throws SyntaxError when it is not JSON. */
export function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** A rename is durable only once the folder that holds the name is. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
