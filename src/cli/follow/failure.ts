/** What a person needs when an operation did not go well: what failed, why, who must act, the last words, the next step. */
import type { Operation } from "../api/contract.ts";
import { safeText } from "../output/safe-text.ts";

const owners: Record<string, string> = {
  customer: "you",
  operator: "the platform operator",
  platform: "the platform (please report it)",
};

const LOG_LINES = 20;

/** @param noun what was being done, capitalized: `Deployment` */
export function failureReport(operation: Operation, noun: string): string[] {
  const { error, progress, result } = operation;
  if (operation.status === "canceled") {
    const word = (name: string) => (typeof result?.[name] === "string" ? safeText(result[name]) : undefined);
    const [message, next] = [word("message"), word("next_step")];
    return [`${noun} was canceled.`, ...(message ? [`  ${message}`] : []), ...(next ? [`  → ${next}`] : [])];
  }
  if (!error) return [`${noun} failed: ${safeText(progress.message)}`, `  → onvera ops events ${operation.id}`];
  const lines = (error.last_log_lines ?? []).slice(-LOG_LINES);
  return [
    `${noun} failed: ${safeText(error.message)}`,
    ...(error.phase ? [`  Phase:    ${error.phase}`] : []),
    ...(error.resource ? [`  Resource: ${error.resource.type} (${safeText(error.resource.urn)})`] : []),
    ...(error.cause ? [`  Cause:    ${error.cause}${error.retryable ? ", may pass by itself" : ""}`] : []),
    ...(error.owner ? [`  Who acts: ${owners[error.owner] ?? error.owner}`] : []),
    ...(error.residue?.length
      ? ["  Left behind:", ...error.residue.map((one) => `    ${one.found} ${one.type} ${safeText(one.physical_id)}`)]
      : []),
    ...(lines.length > 0 ? ["  Last log lines:", ...lines.map((line) => `    ${safeText(line)}`)] : []),
    ...(error.next_step ? [`  → ${safeText(error.next_step)}`] : []),
    `  → Everything it did: onvera ops events ${operation.id}`,
  ];
}
