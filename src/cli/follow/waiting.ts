/** What a queued operation waits for, in one sentence. */
import { waitSentence } from "../../domain/queue-wait.ts";
import type { Operation } from "../api/contract.ts";

/** A service that does not tell its reason yet has its own message shown. */
export function waitingMessage({ waits_for: reason, queue_position: position, progress }: Operation): string {
  if (!reason) return progress.message || "Waiting in the queue";
  return waitSentence(reason, position ?? null);
}
