/** What callers did to one deployment, and what became of it: the material the model is held against. */

export type Verb = "update" | "start" | "stop" | "plan" | "destroy";

/** One request with all the copies of it that were sent at once under the same key. */
export interface Submission {
  verb: Verb;
  copies: readonly { status: number; operationId: string | null; sentAt: number; answeredAt: number }[];
}

/** An operation as its row has it; times in milliseconds since 1970. */
export interface RecordedOperation {
  id: string;
  verb: Verb | "create";
  /** The revision it applies; null for a destroy and a plan. */
  revision: number | null;
  status: string;
  requestedAt: number;
  startedAt: number | null;
  endedAt: number | null;
}

export interface History {
  deploymentId: string;
  submissions: readonly Submission[];
  operations: readonly RecordedOperation[];
  /** Operations a cancel of which was answered as done at once. */
  canceledAtOnce: readonly string[];
}

/** The operation of an accepted submission; null for one that was refused. */
export const acceptedAs = ({ copies }: Submission): string | null =>
  copies.find(({ operationId }) => operationId !== null)?.operationId ?? null;
