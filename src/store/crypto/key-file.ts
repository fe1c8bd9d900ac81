/** The file the master keys stand in: read with care, written whole or not at all. */
import { randomBytes } from "node:crypto";
import { chown, open, readFile, rename, rm, stat } from "node:fs/promises";
import path from "node:path";

/** @throws Error when others can read the file; the system's error when it is not there */
export async function readKeyFile(file: string): Promise<string> {
  const { mode } = await stat(file);
  if ((mode & 0o077) !== 0) {
    throw new Error(`The master key file ${file} can be read by other users. Run 'chmod 600 ${file}' and start again.`);
  }
  return readFile(file, "utf8");
}

/** Replaces the file's text. A kill or a power cut leaves the old text or the new one; mode 0600 and the owner stay. */
export async function writeKeyFile(file: string, text: string): Promise<void> {
  const { uid, gid } = await stat(file);
  const draft = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    const handle = await open(draft, "wx", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (process.geteuid?.() === 0) await chown(draft, uid, gid);
    await rename(draft, file);
    await flushFolder(path.dirname(file));
  } finally {
    await rm(draft, { force: true });
  }
}

/** The name is on the disk only after its folder is: a key must not be lost that the database already needs. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

export const isMissing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ENOENT";
