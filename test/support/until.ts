/** Waiting for something that announces itself to nobody: asked again and again, with an end. */
import { setTimeout as pause } from "node:timers/promises";

/** @throws Error naming `what` when it has not come about in time */
export async function until(holds: () => Promise<boolean>, what: string, seconds = 120): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`After ${seconds} s still not: ${what}`);
    await pause(100);
  }
}
