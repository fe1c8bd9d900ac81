/** Which uid a deployment runs as. Uids are not given out again until the range has been gone through once. */
import { z } from "zod";
import { readJsonFile, writeJsonFile } from "./state-file.ts";

export const FIRST_UID = 700_000;
const UID_COUNT = 65_536;

const UidFile = z.object({ next: z.number().int() });

/**
 * The uid for a new deployment, when the supervisor is root; the supervisor's own otherwise.
 * @param taken uids in use
 * @throws Error when the range is used up
 */
export function leaseUid(file: string, taken: Set<number>, first: number = FIRST_UID): { uid: number; gid: number } {
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (own.uid !== 0) return own;
  const stored = UidFile.safeParse(readJsonFile(file));
  const start = stored.success ? stored.data.next : first;
  for (let step = 0; step < UID_COUNT; step++) {
    const uid = first + ((start - first + step) % UID_COUNT);
    if (taken.has(uid)) continue;
    // A uid used again at once would own what its last user left behind somewhere on the machine. Should a power cut
    // take this note away, the uids of living deployments are still known from their records.
    writeJsonFile(file, { next: uid + 1 });
    return { uid, gid: uid };
  }
  throw new Error(`All ${UID_COUNT} uids from ${first} are in use; destroy a deployment first.`);
}
