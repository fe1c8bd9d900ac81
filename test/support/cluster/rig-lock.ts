/** One rig of a name at a time: whoever comes second waits until the first is done with it. */
import os from "node:os";
import path from "node:path";
import { withLock } from "../../../src/local/lock-file.ts";
import type { RigPlace } from "./rig-place.ts";

/**
 * Waits until this process alone may start, use and end the rig.
 * @returns what gives it back; it is given back as well when this process ends in any way
 */
export async function holdRig(place: RigPlace, tell: (line: string) => void): Promise<() => Promise<void>> {
  const file = path.join(os.tmpdir(), `onvera-rig-${place.name}.lock`);
  const onWait = (pid: number) => tell(`The rig '${place.name}' is in use by process ${pid}: waiting for it.`);
  return new Promise((resolve, reject) => {
    const held = withLock(
      file,
      { onWait },
      () => new Promise<void>((done) => resolve(() => Promise.resolve(done()).then(() => held))),
    );
    held.catch(reject);
  });
}
