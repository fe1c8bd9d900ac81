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

const nexts: readonly (readonly [fits: (problem: ApiProblem) => boolean, next: string])[] = [
  [
    ({ code }) => code === "ACCESS_DENIED",
    "Who can give you a higher role stands on the page Members, as admin or owner.",
  ],
  [
    ({ code }) => code.endsWith("_NOT_FOUND") || code === "NOT_FOUND",
    "It may have been removed, or be another organization's: the menu at the top right changes to another.",
  ],
  [({ status }) => status === 412, "Load the page again to see what it is now."],
  [({ status }) => status === 429, "Wait a minute, then try again."],
  [({ status }) => status >= 500, "Try again. If it stays so, tell the platform's operator the number of the request."],
];

/** What to do about a failure, where its own words do not say; undefined where they do. */
export const nextOf = (error: unknown): string | undefined =>
  error instanceof ApiProblem ? nexts.find(([fits]) => fits(error))?.[1] : undefined;
