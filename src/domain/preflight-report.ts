/** What a check of a cluster found, and what to do about it. */

/** What is looked at, in the order it is shown. */
export const preflightChecks = [
  "reachable",
  "version",
  "permissions",
  "storage_class",
  "ingress_class",
  "network_policy",
  "pod_security",
  "metrics",
  "database_rights",
  "database_from_pods",
] as const;
export type PreflightCheck = (typeof preflightChecks)[number];

export interface PreflightFinding {
  check: PreflightCheck;
  /** `unknown` where it cannot be told, or nobody could look. */
  result: "ok" | "missing" | "unknown";
  /** What was found. */
  detail: string;
  /** What to do; null where nothing is to be done. */
  next_step: string | null;
  /** Single things that are missing, such as permissions. */
  items: string[];
}

export interface PreflightReport {
  /** ISO 8601. */
  checked_at: string;
  /** Of the API server; null when it did not answer. */
  version: string | null;
  findings: PreflightFinding[];
}

/** A cluster is fit when nothing it needs is missing; figures are a convenience, and what cannot be told does not count. */
export const isFit = ({ findings }: PreflightReport): boolean =>
  findings.every(({ check, result }) => result !== "missing" || check === "metrics");

/** All is well. */
export const ok = (check: PreflightCheck, detail: string): PreflightFinding => ({
  check,
  result: "ok",
  detail,
  next_step: null,
  items: [],
});

/** Something is not there that should be. */
export const missing = (
  check: PreflightCheck,
  detail: string,
  next_step: string,
  items: string[] = [],
): PreflightFinding => ({ check, result: "missing", detail, next_step, items });

/** It cannot be told. */
export const unknown = (check: PreflightCheck, detail: string, next_step: string | null = null): PreflightFinding => ({
  check,
  result: "unknown",
  detail,
  next_step,
  items: [],
});
