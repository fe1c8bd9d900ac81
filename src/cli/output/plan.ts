/** A plan for people: one line per resource with + ~ - ±, the properties that force a replace, and what data would be lost. */

import { styleText } from "node:util";
import { safeText } from "./safe-text.ts";

type PlannedStep = "create" | "update" | "delete" | "replace" | "same";

export interface PlannedChange {
  op: PlannedStep;
  urn: string;
  type: string;
  name: string;
  replace_keys: string[];
  diff_keys: string[];
  stateful: boolean;
}

export interface Plan {
  changes: PlannedChange[];
  data_loss: string[];
}

const signs: Record<PlannedStep, { sign: string; color: Parameters<typeof styleText>[0]; words: string }> = {
  create: { sign: "+", color: "green", words: "to create" },
  update: { sign: "~", color: "yellow", words: "to update" },
  delete: { sign: "-", color: "red", words: "to delete" },
  replace: { sign: "±", color: "magenta", words: "to replace" },
  same: { sign: " ", color: "dim", words: "unchanged" },
};

const order = Object.keys(signs) as PlannedStep[];

/** Reads an operation's result as a plan; a result of another shape gives an empty one. */
export function readPlan(result: Record<string, unknown> | null): Plan {
  const changes = Array.isArray(result?.changes) ? (result.changes as PlannedChange[]) : [];
  const dataLoss = Array.isArray(result?.data_loss) ? (result.data_loss as string[]) : [];
  return { changes, data_loss: dataLoss };
}

/** The lines; unchanged resources are only counted. */
export function planText({ changes, data_loss }: Plan, hasColor: boolean): string {
  const shown = changes.filter(({ op }) => op !== "same");
  const width = Math.max(0, ...shown.map(({ type }) => type.length));
  const lines = shown.map((change) => line(change, width, hasColor));
  const counts = order
    .map((op) => ({ op, count: changes.filter((change) => change.op === op).length }))
    .filter(({ count }) => count > 0)
    .map(({ op, count }) => `${signs[op].sign === " " ? "" : `${signs[op].sign} `}${count} ${signs[op].words}`);
  const loss =
    data_loss.length === 0 ? [] : ["", "DATA WOULD BE LOST with:", ...data_loss.map((urn) => `  ${safeText(urn)}`)];
  const summary = shown.length === 0 ? "Nothing would change." : `Resources: ${counts.join(", ")}`;
  return `${[...lines, ...(lines.length > 0 ? [""] : []), summary, ...loss].join("\n")}\n`;
}

function line({ op, type, name, replace_keys, diff_keys, stateful }: PlannedChange, width: number, hasColor: boolean) {
  const { sign, color } = signs[op];
  const notes = [
    ...(replace_keys.length > 0 ? [`replaced because of: ${replace_keys.join(", ")}`] : []),
    ...(op === "update" && diff_keys.length > 0 ? [`changes: ${diff_keys.join(", ")}`] : []),
    ...(stateful ? ["holds data"] : []),
  ];
  const text = `${sign} ${type.padEnd(width)}  ${safeText(name)}${notes.length > 0 ? `  (${notes.join("; ")})` : ""}`;
  return hasColor ? styleText(color, text) : text;
}
