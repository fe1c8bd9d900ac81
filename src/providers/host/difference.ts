/** What changed between two sets of inputs, and what that means for the resource. Pure. */
import { isDeepStrictEqual } from "node:util";
import type { ResourceHandler } from "./resource-handler.ts";
import { hasUnknown, type Values } from "./values.ts";

export type PropertyChange = "add" | "delete" | "update";

export interface Difference {
  changes: Map<string, PropertyChange>;
  replaces: string[];
}

/**
 * Compares inputs with their defaults filled in, so that spelling a default out is no change.
 * `ignoreChanges` holds property paths; whatever lies below an ignored top-level property counts as ignored.
 */
export function difference(
  handler: ResourceHandler,
  oldInputs: Values,
  newInputs: Values,
  ignoreChanges: readonly string[] = [],
): Difference {
  const before = handler.normalize(oldInputs);
  const after = handler.normalize(newInputs);
  const ignored = new Set([...ignoreChanges.map(topLevel), ...(handler.unimportant ?? [])]);

  const changes = new Map<string, PropertyChange>();
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (ignored.has(key)) continue;
    if (newInputs[key] === undefined && handler.keptWhenAbsent?.includes(key)) continue;
    if (same(before[key], after[key], handler.sets?.includes(key) === true)) continue;
    changes.set(key, before[key] === undefined ? "add" : after[key] === undefined ? "delete" : "update");
  }
  const replaces = [...changes.keys()].filter((key) => handler.replaceOn === "all" || handler.replaceOn.includes(key));
  return { changes, replaces };
}

const topLevel = (path: string): string => path.split(/[.[]/, 1)[0] ?? path;

function same(left: unknown, right: unknown, isSet: boolean): boolean {
  if (hasUnknown(left) || hasUnknown(right)) return false;
  if (isSet) return isDeepStrictEqual(sorted(left), sorted(right));
  return isDeepStrictEqual(left, right);
}

const sorted = (value: unknown): unknown => (Array.isArray(value) ? value.map(String).sort() : value);
