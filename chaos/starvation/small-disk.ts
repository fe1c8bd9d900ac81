/** A file system of a few megabytes that can be filled and emptied: a tmpfs, which only root may mount. */
import { execFile, spawnSync } from "node:child_process";
import { chmodSync, closeSync, mkdirSync, openSync, rmSync, statSync, truncateSync, writeSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface SmallDisk {
  folder: string;
  /** Takes all that is left, but for so many bytes. */
  fill(bytesLeft: number): void;
  empty(): void;
  remove(): void;
}

const BLOCK_BYTES = 4096;

/** Mounts one. @throws Error without root, or where mounting is not allowed */
export async function mountSmallDisk(folder: string, megabytes: number): Promise<SmallDisk> {
  mkdirSync(folder, { recursive: true });
  await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=711`, "onvera-small-disk", folder]);
  chmodSync(folder, 0o711);
  const ballast = path.join(folder, "ballast");
  const unmount = () => spawnSync("umount", ["-l", folder]);
  // A run that is broken off leaves no disk behind.
  process.once("exit", unmount);
  return {
    folder,
    fill(bytesLeft) {
      const file = openSync(ballast, "a");
      const block = Buffer.alloc(BLOCK_BYTES);
      try {
        for (;;) if (writeSync(file, block) < BLOCK_BYTES) break;
      } catch {
        // Full, as wanted.
      } finally {
        closeSync(file);
      }
      truncateSync(ballast, Math.max(0, statSync(ballast).size - bytesLeft));
    },
    empty: () => rmSync(ballast, { force: true }),
    remove() {
      process.off("exit", unmount);
      unmount();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
