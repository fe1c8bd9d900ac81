/** The model that random callers are held against finds what it is there for (R10). */
import { expect, it } from "vitest";
import type { History, RecordedOperation, Submission, Verb } from "../../chaos/submits/history.ts";
import { unexplained } from "../../chaos/submits/model.ts";

const MINUTE = 60_000;

const operation = (id: string, verb: Verb | "create", minute: number, more: Partial<RecordedOperation> = {}) => ({
  id,
  verb,
  revision: verb === "destroy" ? null : minute,
  status: "succeeded",
  requestedAt: minute * MINUTE,
  startedAt: minute * MINUTE + 1000,
  endedAt: minute * MINUTE + 10_000,
  ...more,
});
const answered = (verb: Verb, minute: number, operationId: string | null): Submission => ({
  verb,
  copies: [
    {
      status: operationId === null ? 409 : 202,
      operationId,
      sentAt: minute * MINUTE - 10,
      answeredAt: minute * MINUTE + 10,
    },
  ],
});

const life: History = {
  deploymentId: "dep_1",
  submissions: [answered("stop", 2, "op_2"), answered("start", 3, "op_3"), answered("destroy", 4, "op_4")],
  operations: [
    operation("op_1", "create", 1),
    operation("op_2", "stop", 2),
    operation("op_3", "start", 3),
    operation("op_4", "destroy", 4),
  ],
  canceledAtOnce: [],
};
const [, stop, start, destroy] = life.operations as [
  RecordedOperation,
  RecordedOperation,
  RecordedOperation,
  RecordedOperation,
];
const create = operation("op_1", "create", 1);

it("finds nothing in a life that one caller could have led (R10)", () => {
  expect(unexplained(life)).toEqual([]);
});

it.each<[string, Partial<History>, string]>([
  ["two operations at once", { operations: [create, { ...stop, endedAt: 3.5 * MINUTE }, start, destroy] }, "ran while"],
  ["an accepted operation without a row", { operations: [create, stop, destroy] }, "is gone"],
  ["a row nobody asked for", { submissions: life.submissions.slice(1) }, "nobody asked for"],
  ["an operation that never ends", { operations: [create, stop, start, { ...destroy, endedAt: null }] }, "never ended"],
  ["a start of what runs", { operations: [create, { ...stop, verb: "update" }, start, destroy] }, "was taken although"],
  [
    "a refusal without a cause",
    { submissions: [...life.submissions, answered("stop", 1.9, null)] },
    "was refused although",
  ],
  ["a server's failure", { submissions: [...life.submissions, failed()] }, "answered with 500"],
  ["a cancel that did not hold", { canceledAtOnce: ["op_2"] }, "ended as succeeded"],
])("finds %s (R10)", (_what, change, words) => {
  expect(unexplained({ ...life, ...change }).join("\n")).toContain(words);
});

function failed(): Submission {
  const [copy] = answered("stop", 2, null).copies;
  return { verb: "stop", copies: copy === undefined ? [] : [{ ...copy, status: 500 }] };
}
