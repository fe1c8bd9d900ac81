/** What every line about an operation carries, so that it is found from the request that asked for it. */
import type { Operation } from "../../store/tables/operations.ts";

/** The ids of an operation and of its request, as fields of the log. */
export const aboutOperation = ({ id, request_id: requestId }: Pick<Operation, "id" | "request_id">) => ({
  operation_id: id,
  ...(requestId === null ? {} : { request_id: requestId }),
});
