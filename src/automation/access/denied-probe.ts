/** A removal that is proven: the person's own session, opened right before, is refused right after. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { AppAccessError } from "./app-access.ts";

export interface ProvenRemoval {
  /** Gives the person this password. It is known to nobody else, and kept nowhere. */
  setPassword(password: string): Promise<void>;
  /** Signs in as the person; undefined where the app lets them in no more. */
  signIn(password: string): Promise<string | undefined>;
  /** Whether the app still takes that session. */
  isLetIn(session: string): Promise<boolean>;
  end(): Promise<void>;
  /** How long the app may go on believing in a person whom it has looked up before. */
  memorySeconds: number;
  signal: AbortSignal;
}

const PATIENCE_SECONDS = 45;
const PAUSE_MILLISECONDS = 250;

/**
 * Removes a person and resolves when a session of theirs is denied, in each process of the app.
 * @throws AppAccessError `busy` when it is still let in after three quarters of a minute
 */
export async function removeProven(removal: ProvenRemoval): Promise<void> {
  const password = newPassword();
  await removal.setPassword(password);
  const session = await removal.signIn(password);
  // Asked once before, so that the app has seen this session like any other.
  if (session !== undefined) await removal.isLetIn(session);
  await removal.end();
  const endedAt = performance.now();
  const since = () => (performance.now() - endedAt) / 1000;
  for (;;) {
    const denied = session === undefined || !(await removal.isLetIn(session));
    // One process has denied it; another may remember the person for as long as this.
    if (denied && since() >= removal.memorySeconds) return;
    if (since() > PATIENCE_SECONDS) {
      const message = `The app still lets a session of a removed person in, ${PATIENCE_SECONDS} s after it was told.`;
      throw new AppAccessError("busy", message);
    }
    await sleep(PAUSE_MILLISECONDS, undefined, { signal: removal.signal });
  }
}

/** A password nobody has to know; its end satisfies apps that ask for every kind of letter. */
export const newPassword = (): string => `${randomBytes(32).toString("base64url")}-oV07`;
