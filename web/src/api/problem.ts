/** What the API says when it refuses. */
import type { Problem } from "./types.ts";

export class ApiProblem extends Error {
  readonly code: string;
  readonly status: number;
  readonly fields: readonly { pointer: string; message: string }[];
  readonly requestId: string | undefined;

  constructor(status: number, problem: Problem | undefined) {
    super(problem?.error.message ?? `The control plane answered ${status}`);
    this.name = "ApiProblem";
    this.status = status;
    this.code = problem?.error.code ?? "UNREADABLE_ANSWER";
    this.fields = problem?.error.fields ?? [];
    this.requestId = problem?.error.request_id;
  }
}

/** The problem of an answer's body, when it is one. */
export const readProblem = (body: unknown): Problem | undefined =>
  typeof body === "object" && body !== null && "error" in body ? (body as Problem) : undefined;

/** A sentence for any failure; a broken connection has none of its own. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiProblem) return error.message;
  if (error instanceof TypeError) return "The control plane cannot be reached. Is it running? Try: onvera status";
  return error instanceof Error ? error.message : String(error);
}
