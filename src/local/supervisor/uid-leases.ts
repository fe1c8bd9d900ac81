/** Which uid a deployment runs as. Uids are not given out again until the range has been gone through once. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { readJsonFile, writeJsonFile } from "./state-file.ts";

/** No system gives uids from here on to people or services by itself. */
const RESERVED_FROM = 700_000;
export const UID_COUNT = 10_000;
const RANGES = 20_000;

const UidFile = z.object({ next: z.number().int() });

/**
 * First uid of an installation's own range. It follows from the home folder: two installations on one machine must not
 * give the same uid to two deployments, which could then read and end each other.
 */
export function firstUidOf(home: string): number {
  const range = createHash("sha256").update(home).digest().readUInt32BE(0) % RANGES;
  return RESERVED_FROM + range * UID_COUNT;
}

/**
 * The uid for a new deployment, when the supervisor is root; the supervisor's own otherwise.
 * @param taken uids in use
 * @throws Error when the range is used up
 */
export function leaseUid(file: string, taken: Set<number>, first: number): { uid: number; gid: number } {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (own.uid !== 0) return own;
  const stored = UidFile.safeParse(readJsonFile(file));
  const offset = stored.success ? stored.data.next - first : 0;
  const start = offset >= 0 && offset < UID_COUNT ? offset : 0;
  for (let step = 0; step < UID_COUNT; step++) {
    const uid = first + ((start + step) % UID_COUNT);
    if (taken.has(uid)) continue;
    // A uid used again at once would own what its last user left behind somewhere on the machine. Should a power cut
    // take this note away, the uids of living deployments are still known from their records.
    writeJsonFile(file, { next: uid + 1 });
    return { uid, gid: uid };
  }
  throw new Error(`All ${UID_COUNT} uids from ${first} are in use; destroy a deployment first.`);
}
