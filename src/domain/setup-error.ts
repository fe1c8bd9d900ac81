/** A failure of this machine's set-up, told so that its reader can go on: what failed, why, and what to do next. */

export type SetupErrorCode =
  | "backup-exists"
  | "backup-unfit"
  | "backup-unreadable"
  | "canceled"
  | "database-url"
  | "disk-full"
  | "folder-unusable"
  | "go-missing"
  | "go-too-old"
  | "home-taken"
  | "home-unknown"
  | "invalid-setting"
  | "keys-not-rotated"
  | "locked"
  | "network"
  | "package-conflict"
  | "package-failed"
  | "package-tampered"
  | "package-unknown"
  | "not-allowed"
  | "not-started"
  | "port-taken"
  | "postgres-failed"
  | "postgres-unavailable"
  | "pulumi-build-failed"
  | "pulumi-tampered"
  | "pulumi-unverified"
  | "python-missing"
  | "python-unfit"
  | "setting-invalid"
  | "user-missing";

export interface SetupErrorParts {
  what: string;
  why: string;
  nextStep: string;
  cause?: unknown;
}

export class SetupError extends Error {
  override readonly name = "SetupError";
  readonly code: SetupErrorCode;
  readonly what: string;
  readonly why: string;
  readonly nextStep: string;

  constructor(code: SetupErrorCode, { what, why, nextStep, cause }: SetupErrorParts) {
    super(`${what}: ${why} ${nextStep}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.what = what;
    this.why = why;
    this.nextStep = nextStep;
  }
}

/** The `code` of a Node system error (`ENOENT`, `ENOSPC`, …), or undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}
