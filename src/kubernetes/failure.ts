/** Why a cluster did not do what it was asked, in one class for all callers. */

/** `invalid` is a request the API server does not understand; `refused` one that the cluster's own rules do not let in. */
export type ClusterCause =
  | "unreachable"
  | "unauthorized"
  | "forbidden"
  | "not-found"
  | "conflict"
  | "quota"
  | "invalid"
  | "refused"
  | "overloaded"
  | "failed";

export class ClusterFailure extends Error {
  override readonly name = "ClusterFailure";
  readonly reason: ClusterCause;
  /** Of the API server's answer; undefined when none came. */
  readonly status: number | undefined;

  constructor(
    reason: ClusterCause,
    message: string,
    { status, cause }: { status?: number | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.reason = reason;
    this.status = status;
  }
}

/** What the client throws for an answer that is no success. */
interface Answered {
  code: number;
  body: unknown;
}

/**
 * Reads what a call threw.
 * @param error of the client, of the network, or a ClusterFailure, which is given back as it is
 * @param doing what was asked, for people: `list pods`
 */
export function clusterFailure(error: unknown, doing: string): ClusterFailure {
  if (error instanceof ClusterFailure) return error;
  if (isAnswered(error)) {
    const words = error.code === 401 ? "the credentials are not valid, or no longer." : statusWords(error.body);
    const reason = reasonOf(error.code, words);
    return new ClusterFailure(reason, `The cluster refused to ${doing} (${error.code}): ${words}`, {
      status: error.code,
      cause: error,
    });
  }
  const words = networkWords(error);
  return new ClusterFailure("unreachable", `The cluster did not answer when asked to ${doing}: ${words}`, {
    cause: error,
  });
}

function reasonOf(code: number, words: string): ClusterCause {
  if (code === 401) return "unauthorized";
  // A quota answers as a refusal does; only its words tell them apart.
  if (code === 403) return /exceeded quota|quota/i.test(words) ? "quota" : "forbidden";
  if (code === 404) return "not-found";
  if (code === 409) return "conflict";
  if (code === 429 || code === 503) return "overloaded";
  if (code === 400 || code === 415) return "invalid";
  if (code === 422) return "refused";
  return "failed";
}

const isAnswered = (error: unknown): error is Answered =>
  typeof error === "object" && error !== null && "code" in error && typeof error.code === "number" && "body" in error;

/** The message of a `Status` object, whatever form the client left it in. */
function statusWords(body: unknown): string {
  let status: unknown = body;
  if (typeof body === "string") {
    try {
      status = JSON.parse(body);
    } catch {
      return body.slice(0, 300);
    }
  }
  const message = typeof status === "object" && status !== null && "message" in status ? status.message : undefined;
  return typeof message === "string" ? message.slice(0, 1000) : "it gave no reason.";
}

const networkCodes: Record<string, string> = {
  ECONNREFUSED: "nothing listens there.",
  ECONNRESET: "the connection was cut.",
  ENOTFOUND: "its host name is not known.",
  EAI_AGAIN: "its host name could not be looked up.",
  EHOSTUNREACH: "there is no way to its host.",
  ENETUNREACH: "there is no way to its network.",
  ETIMEDOUT: "it did not answer in time.",
  CERT_HAS_EXPIRED: "its certificate has expired.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is not from the certificate authority that was given.",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate is not from the certificate authority that was given.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is not from the certificate authority that was given.",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another address.",
};

function networkWords(error: unknown): string {
  if (!(error instanceof Error)) return "the connection failed.";
  if (error.name === "AbortError" || error.name === "TimeoutError") return "it did not answer in time.";
  const code = "code" in error ? String(error.code) : "";
  return networkCodes[code] ?? `${error.message.slice(0, 200)}`;
}
