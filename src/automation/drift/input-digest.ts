/** One digest for what a deployment is made from, so that two of them are compared without the engine. */
import { createHash } from "node:crypto";

/** The digest of a stored spec, opened. Maps count the same in any order. */
export function inputDigest(stored: unknown): string {
  return createHash("sha256").update(canonical(stored)).digest("hex");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`;
}
