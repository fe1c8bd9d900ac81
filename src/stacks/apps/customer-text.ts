/** Customers' text on its way into a workload: it is data, and never one of our references. */
import { createHash } from "node:crypto";
import { environmentRefusal, isReservedEnvironment } from "../../domain/app-catalog.ts";
import type { AppType, DeploymentSpec } from "../../domain/deployment-spec.ts";

/**
 * JSON in which no `{{…}}` survives as such, so that rendering the workload leaves customers' text alone. Any JSON
 * reader gives the original text back.
 */
export function inertJson(value: unknown): string {
  // Outside of strings two opening braces never stand together in JSON, so only text is touched.
  return JSON.stringify(value).replaceAll("{{", "{\\u007b");
}

/**
 * The customer's environment variables without those that are the platform's.
 * @throws Error naming the variable when a value looks like one of our references; the API refuses it before
 */
export function customerEnvironment(app: AppType, spec: DeploymentSpec): Record<string, string> {
  const allowed = Object.entries(spec.environment_variables).filter(([name]) => !isReservedEnvironment(app, name));
  for (const [name, value] of allowed) {
    const refusal = environmentRefusal(app, name, value);
    if (refusal !== undefined) throw new Error(refusal);
  }
  return Object.fromEntries(allowed);
}

/** A short digest of settings, the same for the same settings whatever the order of their keys. */
export function settingsDigest(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 16);
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
