/** The comment that says which stack a role or database belongs to. */
import { OWNERSHIP_PREFIX, ownershipMark } from "../../domain/names.ts";
import type { PostgresSession } from "./admin.ts";
import { identifier, literal } from "./sql-text.ts";

export async function mark(
  session: PostgresSession,
  kind: "ROLE" | "DATABASE",
  name: string,
  stackName: string,
): Promise<void> {
  await session.query(`COMMENT ON ${kind} ${identifier(name)} IS ${literal(ownershipMark(stackName))}`);
}

/**
 * @throws Error when a found thing is not this stack's, so that it is neither changed nor taken over.
 */
export function requireOurs(kind: string, name: string, comment: string | null, stackName: string): void {
  if (comment === ownershipMark(stackName)) return;
  const whose = comment?.startsWith(OWNERSHIP_PREFIX)
    ? `belongs to stack ${comment.slice(OWNERSHIP_PREFIX.length)}`
    : "is not ours";
  throw new Error(
    `${kind} ${name} exists and ${whose}. Nothing was changed. Rename or remove it, or mark it as ours with ` +
      `COMMENT ON ${kind.toUpperCase()} ${identifier(name)} IS ${literal(ownershipMark(stackName))}.`,
  );
}

/**
 * @throws Error when the mark names another stack. An unmarked thing passes: the state says it is ours, and the
 * official plugin leaves no marks.
 */
export function refuseForeign(kind: string, name: string, comment: string | null, stackName: string): void {
  if (comment?.startsWith(OWNERSHIP_PREFIX)) requireOurs(kind, name, comment, stackName);
}
