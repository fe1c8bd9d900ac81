/** The filters of the operations list, as the address carries them. */
import { operationTypeNames } from "./words.ts";

export const operationStates = ["queued", "running", "succeeded", "failed", "canceled"] as const;

export interface OperationFilters {
  status?: (typeof operationStates)[number];
  type?: (typeof operationTypeNames)[number];
}

/** Reads an address; what is no filter is dropped. */
export function readOperationFilters(search: Record<string, unknown>): OperationFilters {
  const status = operationStates.find((name) => name === search.status);
  const type = operationTypeNames.find((name) => name === search.type);
  return { ...(status && { status }), ...(type && { type }) };
}
