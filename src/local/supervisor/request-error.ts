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
