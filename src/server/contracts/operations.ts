/** The operation routes as declared: list, get with wait, cancel, events. */
import { envelope, pageOf } from "../schemas/common.ts";
import {
  ActivityQuery,
  CanceledOperation,
  EventPage,
  EventQuery,
  OperationListQuery,
  OperationView,
  WaitQuery,
} from "../schemas/operations.ts";
import { declare, idParam, jsonAnswer, jsonOrStream, postHeaders, problems, streamAnswer } from "./declare.ts";

const tags = ["Operations"];
const params = idParam("operation_id", "op_0192f3a1-7c55-7b7e-9d0a-3f6a1c2b4d5e");

export const listOperations = declare("operations.read", {
  method: "get",
  path: "/operations",
  operationId: "listOperations",
  tags,
  summary: "List operations",
  request: { query: OperationListQuery },
  responses: { 200: jsonAnswer("A page of operations, newest first.", pageOf(OperationView)), ...problems() },
});

export const getOperation = declare("operations.read", {
  method: "get",
  path: "/operations/{operation_id}",
  operationId: "getOperation",
  tags,
  summary: "Get an operation, or wait for its next change",
  request: { params, query: WaitQuery },
  responses: { 200: jsonAnswer("The operation.", envelope(OperationView)), ...problems(404) },
});

export const cancelOperation = declare("operations.cancel", {
  method: "post",
  path: "/operations/{operation_id}/cancel",
  operationId: "cancelOperation",
  tags,
  summary: "Cancel an operation",
  description:
    "Queued work is canceled at once. Running work is asked to stop; it is `canceled` once it has. Asking again changes nothing.",
  request: { params, headers: postHeaders },
  responses: {
    202: jsonAnswer("The operation as it is now.", envelope(CanceledOperation)),
    ...problems(404, 409, 422),
  },
});

export const listOperationEvents = declare("operations.read", {
  method: "get",
  path: "/operations/{operation_id}/events",
  operationId: "listOperationEvents",
  tags,
  summary: "Events of an operation, by page or live",
  description: "Both forms read one log. A stream resumes after `Last-Event-ID`; its last event is `end`.",
  request: { params, query: EventQuery },
  responses: { 200: jsonOrStream("Events by rising `seq`.", envelope(EventPage)), ...problems(404) },
});

export const streamActivity = declare("operations.read", {
  method: "get",
  path: "/activity",
  operationId: "streamActivity",
  tags,
  summary: "All operations of the organization, live",
  description:
    "One stream for everything: `operation` with the operation whenever one changes, and `operation_event` with each record of the " +
    "operations named in `follow`, in order. After a break, name the last `seq` you have: nothing is missed and nothing comes twice.",
  request: { query: ActivityQuery },
  responses: { 200: streamAnswer("Server-sent events; the stream ends when the reader goes."), ...problems() },
});
