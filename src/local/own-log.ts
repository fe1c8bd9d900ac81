/** Keeps the log file a background process writes to from growing for ever, while it is being written to. */
import { copyFileSync, fstatSync, ftruncateSync, renameSync, rmSync, statSync } from "node:fs";

export interface OwnLogLimits {
  /** The file is set aside when it is larger. */
  bytes: number;
  /** How many files set aside are kept: `<log>.1` is the newest. */
  kept: number;
}

export const ownLogLimits: OwnLogLimits = { bytes: 20 * 1024 * 1024, kept: 3 };

const LOOK_MILLISECONDS = 5000;
const OWN_OUTPUT = 1;

/**
 * Looks every few seconds whether `log` has become too large; does nothing in a process whose output goes elsewhere.
 * Looking does not keep the process alive.
 */
export function keepOwnLogSmall(log: string, limits: OwnLogLimits = ownLogLimits): void {
  if (!isOwnOutput(log)) return;
  setInterval(() => setAsideWhenLarge(log, OWN_OUTPUT, limits), LOOK_MILLISECONDS).unref();
}

/**
 * Copies a log that is too large to `<log>.1` and empties it. The file itself stays: this process and its children hold it
 * open, and append. What a child writes between the two calls is lost, a few lines at most.
 * @param descriptor an open descriptor of the log
 */
export function setAsideWhenLarge(log: string, descriptor: number, { bytes, kept }: OwnLogLimits): void {
  try {
    if (fstatSync(descriptor).size <= bytes) return;
    for (let age = kept - 1; age >= 1; age -= 1) moveIfThere(`${log}.${age}`, `${log}.${age + 1}`);
    copyFileSync(log, `${log}.1`);
    ftruncateSync(descriptor, 0);
  } catch {
    // A full disk: half a copy would only make it fuller. The log cannot grow either; the next look tries again.
    rmSync(`${log}.1`, { force: true });
  }
}

function isOwnOutput(log: string): boolean {
  try {
    const [file, output] = [statSync(log), fstatSync(OWN_OUTPUT)];
    return file.ino === output.ino && file.dev === output.dev;
  } catch {
    return false;
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
