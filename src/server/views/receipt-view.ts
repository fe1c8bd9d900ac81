/** The destroy receipt as the API shows it: a document that explains itself when it is read without this product. */

import type { Selectable } from "kysely";
import { ownershipMark } from "../../domain/names.ts";
import { timestamp } from "../../domain/timestamps.ts";
import type { DestroyReceiptsTable, ReceiptItem } from "../../store/tables/stacks.ts";

const meanings: Readonly<Record<ReceiptItem["found"] | NonNullable<ReceiptItem["listed_by"]>, string>> = {
  absent: "It was looked for after the destroy and is not there.",
  present: "It was looked for after the destroy and is still there.",
  unknown: "It could not be looked up, so nobody can say whether it is gone.",
  retained: "It is still there on purpose.",
  record: "The platform had recorded it when it made it, or had written down that it was about to.",
  owner_mark: "Everything that carries the deployment's mark was looked for, whether recorded or not.",
};

/** @param name the deployment's, at the time of asking */
export function receiptView(receipt: Selectable<DestroyReceiptsTable>, name: string) {
  const writtenAt = timestamp(receipt.written_at);
  const counts = new Map<string, number>();
  for (const { found } of receipt.items) counts.set(found, (counts.get(found) ?? 0) + 1);
  return {
    deployment_id: receipt.deployment_id,
    deployment_name: name,
    organization_id: receipt.organization_id,
    operation_id: receipt.operation_id,
    written_at: writtenAt,
    owner_mark: ownershipMark(receipt.deployment_id),
    summary: Object.fromEntries(counts),
    meanings,
    items: receipt.items.map(({ listed_by: by = "record", looked_up_at: at, ...item }) => ({
      ...item,
      listed_by: by,
      looked_up_at: at === undefined ? writtenAt : timestamp(new Date(at)),
    })),
  };
}
