/** What the supervisor answers when it does not do what it was asked. */
import { SetupError, systemErrorCode } from "../../domain/setup-error.ts";

/** A request the supervisor refuses: the status, a stable code and a sentence for the caller. */
export class RequestError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "RequestError";
    this.status = status;
    this.code = code;
  }
}

/** An error as the caller is to see it; undefined when it is a fault of ours that belongs in the supervisor's own log. */
export function asRequestError(error: unknown): RequestError | undefined {
  if (error instanceof RequestError) return error;
  if (systemErrorCode(error) === "ENOSPC") {
    const message = "The disk that holds the deployments is full; free some space, then repeat the request.";
    return new RequestError(507, "DISK_FULL", message, { cause: error });
  }
  if (!(error instanceof SetupError)) return undefined;
  // Requirements that do not fit are the customer's to mend; the rest is this machine's state.
  const status = error.code === "package-conflict" ? 422 : 503;
  return new RequestError(status, error.code.toUpperCase().replaceAll("-", "_"), error.message, { cause: error });
}
