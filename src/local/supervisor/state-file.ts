/** JSON files that survive a crash at any moment: either the old content or the new, never half of it. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import path from "node:path";
import { systemErrorCode } from "../../domain/setup-error.ts";

/**
 * Replaces a JSON file in one step, mode 0600. It outlives this process, not a power cut: for what a reboot makes
 * worthless anyway, or can be made again.
 * @throws the system's error when the disk refuses; the old content is then still there
 */
export function writeJsonFile(file: string, value: unknown): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = temporaryFor(file);
  try {
    writeFileSync(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Reads a JSON file; undefined when there is none. @throws Error naming the file when it is not JSON */
export function readJsonFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (systemErrorCode(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${file} is damaged; move it away to go on without it.`, { cause: error });
  }
}

/**
 * One JSON file whose content must outlive a power cut. Waiting for the disk does not hold up anything else, and values
 * that follow each other quickly are written once.
 */
export class DurableFile {
  readonly #file: string;
  #latest: unknown;
  #writing: Promise<void> | undefined;
  #queued: Promise<void> | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  /** Resolves when this value, or a later one, is on the disk. @throws the system's error when the disk refuses */
  write(value: unknown): Promise<void> {
    this.#latest = value;
    if (this.#writing === undefined) return this.#begin();
    const begin = (): Promise<void> => {
      this.#queued = undefined;
      return this.#begin();
    };
    this.#queued ??= this.#writing.then(begin, begin);
    return this.#queued;
  }

  /** Removes the file when all writing has ended. */
  async remove(): Promise<void> {
    await (this.#queued ?? this.#writing)?.catch(() => {});
    await rm(this.#file, { force: true });
  }

  #begin(): Promise<void> {
    const writing = writeDurably(this.#file, this.#latest).finally(() => {
      if (this.#writing === writing) this.#writing = undefined;
    });
    this.#writing = writing;
    return writing;
  }
}

async function writeDurably(file: string, value: unknown): Promise<void> {
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = temporaryFor(file);
  try {
    const handle = await open(temporary, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(value)}\n`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  // A rename is durable only once the folder that holds the name is.
  const handle = await open(folder, "r");
  await handle.sync().finally(() => handle.close());
}

function temporaryFor(file: string): string {
  return `${file}.${randomBytes(6).toString("hex")}.tmp`;
}
