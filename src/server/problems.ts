/** Turns whatever was thrown into the one public error body: the documented envelope and RFC 9457 together. */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { NotCancelable } from "../automation/operations/cancel.ts";
import { OperationConflict, QueueFull } from "../automation/operations/submit.ts";
import { type ErrorCode, errorCatalogue, OnveraError } from "../domain/errors.ts";
import type { ServerEnv } from "./caller.ts";
import type { ServerLog } from "./deps.ts";
import { RuntimeUnavailable } from "./runtime-reader.ts";

/** Makes the app's error handler. @param log where what is not public goes */
export const problemHandler =
  (log: ServerLog) =>
  (thrown: unknown, c: Context<ServerEnv>): Response => {
    const error = publicError(thrown);
    const fields = { request_id: c.get("requestId"), path: c.req.path, err: thrown };
    if (error.code === "INTERNAL_ERROR") log.error(fields, error.message);
    // Something else is away for now; the caller was told, and a poller would fill the log.
    if (error.code === "SERVICE_UNAVAILABLE") log.info(fields, error.message);
    return problemResponse(c, error);
  };

/** The answer that tells of an error. */
export function problemResponse(c: Context<ServerEnv>, error: OnveraError): Response {
  const { status, title, retryable } = errorCatalogue[error.code];
  const requestId = c.get("requestId") ?? "";
  const docsUrl = `/docs/errors#${error.code}`;
  const headers: Record<string, string> = { "Content-Type": "application/problem+json" };
  const retryAfter = error.retryAfterSeconds ?? (status === 503 ? 5 : undefined);
  if (retryAfter !== undefined) headers["Retry-After"] = String(retryAfter);
  if (status === 401) headers["WWW-Authenticate"] = 'Bearer realm="onvera"';
  const body = {
    error: {
      code: error.code,
      message: error.message,
      ...(error.operationId === undefined ? {} : { operation_id: error.operationId }),
      request_id: requestId,
      retryable,
      fields: error.fields,
      docs_url: docsUrl,
    },
    type: docsUrl,
    title,
    status,
    detail: error.message,
    instance: requestId,
  };
  return c.body(JSON.stringify(body), status, headers);
}

/** Translates by class; what nobody knows is an internal error whose cause only the log sees. */
export function publicError(thrown: unknown): OnveraError {
  if (thrown instanceof OnveraError) return thrown;
  if (thrown instanceof OperationConflict) {
    return new OnveraError("RESOURCE_CONFLICT", {
      message:
        thrown.type === "deployment.destroy"
          ? "Deployment is already being destroyed"
          : `Another operation (${thrown.type}) is in progress on this deployment`,
      operationId: thrown.blockingOperationId,
      cause: thrown,
    });
  }
  if (thrown instanceof QueueFull) {
    return new OnveraError("QUEUE_FULL", { message: thrown.message, retryAfterSeconds: 30, cause: thrown });
  }
  if (thrown instanceof NotCancelable) {
    return new OnveraError("OPERATION_NOT_CANCELABLE", {
      message: thrown.message,
      operationId: thrown.operationId,
      cause: thrown,
    });
  }
  if (thrown instanceof RuntimeUnavailable) {
    return new OnveraError("SERVICE_UNAVAILABLE", { message: thrown.message, cause: thrown });
  }
  if (thrown instanceof HTTPException) return fromHttpException(thrown);
  return new OnveraError(databaseCode(thrown), { cause: thrown });
}

function fromHttpException(exception: HTTPException): OnveraError {
  const byStatus: Partial<Record<number, ErrorCode>> = {
    400: "VALIDATION_ERROR",
    401: "INVALID_TOKEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
    413: "PAYLOAD_TOO_LARGE",
    415: "UNSUPPORTED_MEDIA_TYPE",
  };
  return new OnveraError(byStatus[exception.status] ?? "INTERNAL_ERROR", { cause: exception });
}

/** PostgreSQL's classes 08 (connection), 53 (resources) and 57 (shut down) pass by themselves; so do refused sockets. */
function databaseCode(thrown: unknown): ErrorCode {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  if (/^(08|53|57)/.test(code) || /^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT)$/.test(code)) {
    return "SERVICE_UNAVAILABLE";
  }
  if (
    thrown instanceof Error &&
    /^(Connection terminated|timeout exceeded when trying to connect)/.test(thrown.message)
  ) {
    return "SERVICE_UNAVAILABLE";
  }
  return "INTERNAL_ERROR";
}
