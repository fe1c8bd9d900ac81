/** Every public error the API answers with: one table of code, status, title and usual message, and the error that carries one. */

export interface ErrorFacts {
  status: 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 415 | 422 | 429 | 500 | 503;
  title: string;
  /** What is said when nothing more exact is known. */
  message: string;
  /** Whether the same request may succeed later without anybody changing it. */
  retryable: boolean;
}

/** The first fifteen are documented and keep their words; the rest follow their style. */
export const errorCatalogue = {
  INVALID_REQUEST: facts(400, "Invalid request", "The request has invalid parameters"),
  VALIDATION_ERROR: facts(400, "Validation failed", "The request body is not valid"),
  INVALID_API_KEY: facts(401, "Invalid API key", "Invalid API key"),
  MISSING_API_KEY: facts(401, "Missing API key", "Missing API key"),
  API_KEY_EXPIRED: facts(401, "API key expired", "API key has expired"),
  API_KEY_REVOKED: facts(401, "API key revoked", "API key has been revoked"),
  INSUFFICIENT_SCOPE: facts(403, "Insufficient scope", "Insufficient scope"),
  ACCESS_DENIED: facts(403, "Access denied", "Access denied"),
  DEPLOYMENT_NOT_FOUND: facts(404, "Deployment not found", "Deployment not found"),
  OPERATION_NOT_FOUND: facts(404, "Operation not found", "Operation not found"),
  ENVIRONMENT_NOT_FOUND: facts(404, "Environment not found", "Environment not found"),
  RESOURCE_CONFLICT: facts(409, "Conflict", "The resource exists already or its state forbids this"),
  RATE_LIMIT_EXCEEDED: facts(429, "Too many requests", "Rate limit exceeded. Please retry after 60 seconds", true),
  INTERNAL_ERROR: facts(500, "Internal error", "An internal error occurred", true),
  SERVICE_UNAVAILABLE: facts(503, "Service unavailable", "Service temporarily unavailable", true),

  INVALID_TOKEN: facts(401, "Invalid token", "The access token is not valid"),
  TOKEN_EXPIRED: facts(401, "Token expired", "The access token has expired"),
  SESSION_REVOKED: facts(401, "Session ended", "The session has ended. Sign in again"),
  INVALID_CREDENTIALS: facts(401, "Sign-in failed", "Email or password is wrong"),
  ENVIRONMENT_SYSTEM_OWNED: facts(
    403,
    "Environment is system-owned",
    "This environment is owned by the system and cannot be created, modified or deleted",
  ),
  SINGLE_ORGANIZATION: facts(
    403,
    "One organization only",
    "This installation runs without root, so all apps share one system user and it takes one organization only. Run it as root to add more",
  ),
  SIGN_UP_CLOSED: facts(403, "Sign-up is closed", "This installation is invite-only. Ask for an invitation"),
  INVITATION_NOT_VALID: facts(
    403,
    "Invitation not valid",
    "The invitation was used, withdrawn or has expired. Ask for a new one",
  ),
  CLI_LOGIN_NOT_VALID: facts(
    403,
    "Sign-in not valid",
    "This sign-in of the command line was refused, used, or has expired. Run 'onvera auth login' again",
  ),
  SSO_NOT_CONFIGURED: facts(
    404,
    "No single sign-on",
    "No organization by this name signs in by an identity provider of its own",
  ),
  SSO_REQUIRED: facts(
    403,
    "Single sign-on only",
    "This organization is entered by its own identity provider only. Choose 'Sign in with SSO'",
  ),
  SSO_REFUSED: facts(403, "Sign-in refused", "The identity provider's answer was refused"),
  SSO_SIGN_IN_NOT_VALID: facts(
    403,
    "Sign-in not valid",
    "This sign-in was begun in another browser, was used, or has expired. Begin again",
  ),
  SSO_PROVIDER_UNAVAILABLE: facts(
    503,
    "Identity provider unavailable",
    "The organization's identity provider could not be asked",
    true,
  ),
  NOT_FOUND: facts(404, "Not found", "There is nothing at this address"),
  ORGANIZATION_NOT_FOUND: facts(404, "Organization not found", "Organization not found"),
  PROJECT_NOT_FOUND: facts(404, "Project not found", "Project not found"),
  MEMBER_NOT_FOUND: facts(404, "Member not found", "Member not found"),
  SERVICE_ACCOUNT_NOT_FOUND: facts(404, "Service account not found", "Service account not found"),
  INVITATION_NOT_FOUND: facts(404, "Invitation not found", "Invitation not found"),
  CLUSTER_NOT_FOUND: facts(404, "Cluster not found", "Cluster not found"),
  WORKER_NOT_FOUND: facts(404, "Worker not found", "Worker not found"),
  API_KEY_NOT_FOUND: facts(404, "API key not found", "API key not found"),
  APP_LOGIN_NOT_FOUND: facts(404, "Sign-in not found", "There is no such sign-in into an app, or it has expired"),
  CLI_LOGIN_NOT_FOUND: facts(
    404,
    "Sign-in not found",
    "There is no such sign-in of the command line, or it has expired",
  ),
  SESSION_NOT_FOUND: facts(404, "Session not found", "Session not found"),
  WEBHOOK_NOT_FOUND: facts(404, "Webhook not found", "Webhook not found"),
  DELIVERY_NOT_FOUND: facts(404, "Delivery not found", "The webhook has no such delivery"),
  RECEIPT_NOT_FOUND: facts(404, "Destroy receipt not found", "The deployment has no destroy receipt yet"),
  CREDENTIALS_NOT_FOUND: facts(404, "Credentials not found", "The deployment has no credentials yet", true),
  METHOD_NOT_ALLOWED: facts(405, "Method not allowed", "This address does not take that method"),
  LAST_OWNER: facts(409, "Last owner", "An organization keeps an owner. Make somebody else its owner first"),
  DEPLOYMENT_PROTECTED: facts(409, "Deployment is protected", "Deployment is protected"),
  OPERATION_NOT_CANCELABLE: facts(409, "Operation cannot be canceled", "Operation cannot be canceled any more"),
  PRECONDITION_FAILED: facts(412, "Precondition failed", "The resource has changed since you read it"),
  PAYLOAD_TOO_LARGE: facts(413, "Payload too large", "The request body is too large"),
  UNSUPPORTED_MEDIA_TYPE: facts(415, "Unsupported media type", "Send the body as application/json"),
  IDEMPOTENCY_KEY_REUSED: facts(
    422,
    "Idempotency key reused",
    "This Idempotency-Key was used with another request. Use a new key",
  ),
  QUEUE_FULL: facts(429, "Queue is full", "Too many operations of this organization are waiting", true),
} as const satisfies Record<string, ErrorFacts>;

export type ErrorCode = keyof typeof errorCatalogue;

/** A field of the request that is wrong: JSON pointer into the body, or `?name` of a query parameter. */
export interface FieldError {
  pointer: string;
  message: string;
}

export interface OnveraErrorOptions {
  /** Public words; the catalogue's when left out. */
  message?: string;
  operationId?: string;
  fields?: FieldError[];
  /** Seconds after which to try again; becomes `Retry-After`. */
  retryAfterSeconds?: number;
  cause?: unknown;
}

/** An error with a public face. `cause` is for the log only. */
export class OnveraError extends Error {
  override readonly name = "OnveraError";
  readonly code: ErrorCode;
  readonly operationId: string | undefined;
  readonly fields: FieldError[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: OnveraErrorOptions = {}) {
    super(options.message ?? errorCatalogue[code].message, { cause: options.cause });
    this.code = code;
    this.operationId = options.operationId;
    this.fields = options.fields ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

function facts(status: ErrorFacts["status"], title: string, message: string, retryable = false): ErrorFacts {
  return { status, title, message, retryable };
}
