/**
 * The sequential model: one deployment, one thing at a time. A history is right when some order of its accepted
 * operations is a walk through these states, and each refusal has a state or an operation of its time that explains it.
 */
import { acceptedAs, type History, type RecordedOperation, type Submission, type Verb } from "./history.ts";

type State = "provisioning" | "running" | "stopped" | "failed" | "destroying" | "destroyed";

/** In which states a verb is taken. */
const takenIn: Readonly<Record<Verb, readonly State[]>> = {
  update: ["running", "stopped"],
  start: ["stopped"],
  stop: ["running"],
  plan: ["provisioning", "running", "stopped", "failed"],
  destroy: ["provisioning", "running", "stopped", "failed", "destroying"],
};

/** A row is written a moment before others see it. */
const COMMIT_MILLISECONDS = 2000;

/** @returns one line for each thing the model cannot explain */
export function unexplained(history: History): string[] {
  const walked = walk(history.operations);
  const refusals = history.submissions.flatMap((submission) => refusalFaults(submission, history, walked.timeline));
  return [...answerFaults(history), ...overlapFaults(history.operations), ...walked.faults, ...refusals].map(
    (line) => `${history.deploymentId}: ${line}`,
  );
}

interface Moment {
  at: number;
  states: ReadonlySet<State>;
}

/** Goes through what changed the deployment, in order, keeping every state it may be in. */
function walk(operations: readonly RecordedOperation[]): { timeline: Moment[]; faults: string[] } {
  const faults: string[] = [];
  let states: ReadonlySet<State> = new Set(["provisioning"]);
  const timeline: Moment[] = [{ at: 0, states }];
  for (const operation of inOrder(operations)) {
    const { verb } = operation;
    if (verb !== "create") {
      const allowed = [...states].filter((state) => takenIn[verb].includes(state));
      if (allowed.length === 0) faults.push(`${name(operation)} was taken although it is ${[...states].join(" or ")}`);
      if (allowed.length > 0) states = new Set(allowed);
    }
    states = new Set([...states].flatMap((state) => after(operation, state)));
    timeline.push({ at: operation.endedAt ?? Number.POSITIVE_INFINITY, states });
  }
  return { timeline, faults };
}

/** Where an operation may leave a deployment; what did not succeed may have got to its end or not. */
function after({ verb, status }: RecordedOperation, state: State): State[] {
  const succeeded = status === "succeeded";
  switch (verb) {
    case "create":
      return succeeded ? ["running"] : ["failed"];
    case "stop":
      return succeeded ? ["stopped"] : ["running", "stopped"];
    case "start":
      return succeeded ? ["running"] : ["running", "stopped"];
    case "destroy":
      return succeeded ? ["destroyed"] : [state, "failed", "destroying"];
    default:
      return [state];
  }
}

/** Revisions are given out one by one under a lock; a destroy comes after everything it did not wait for. */
function inOrder(operations: readonly RecordedOperation[]): RecordedOperation[] {
  const rank = ({ revision }: RecordedOperation) => revision ?? Number.POSITIVE_INFINITY;
  return operations
    .filter(({ verb }) => verb !== "plan")
    .sort((one, other) =>
      rank(one) === rank(other) ? one.requestedAt - other.requestedAt : rank(one) < rank(other) ? -1 : 1,
    );
}

/** Two that change one deployment never run at the same time. */
function overlapFaults(operations: readonly RecordedOperation[]): string[] {
  const ran = operations
    .filter(({ verb, startedAt }) => verb !== "plan" && startedAt !== null)
    .sort((one, other) => Number(one.startedAt) - Number(other.startedAt));
  return ran.flatMap((operation, index) => {
    const before = ran[index - 1];
    if (before === undefined || (before.endedAt ?? Number.POSITIVE_INFINITY) <= Number(operation.startedAt)) return [];
    return [`${name(operation)} ran while ${name(before)} did`];
  });
}

/** Copies under one key share one operation, each accepted answer has its row, and each row its answer. */
function answerFaults({ submissions, operations, canceledAtOnce }: History): string[] {
  const answered = submissions.map(acceptedAs).filter((id) => id !== null);
  const known = new Map(operations.map((operation) => [operation.id, operation]));
  const asked = operations.filter(({ verb }) => verb !== "create");
  return [
    ...submissions
      .filter(({ copies }) => new Set(copies.flatMap(({ operationId }) => operationId ?? [])).size > 1)
      .map(({ verb }) => `copies of one ${verb} were given different operations`),
    ...answered.filter((id) => !known.has(id)).map((id) => `${id} was accepted and is gone`),
    ...answered.filter((id, index) => answered.indexOf(id) !== index).map((id) => `${id} was given to two requests`),
    ...asked.filter(({ id }) => !answered.includes(id)).map((row) => `nobody asked for ${name(row)}`),
    ...operations.filter(({ endedAt }) => endedAt === null).map((row) => `${name(row)} never ended`),
    ...canceledAtOnce
      .filter((id) => known.get(id)?.status !== "canceled")
      .map((id) => `${id} was answered as canceled and ended as ${known.get(id)?.status}`),
  ];
}

function refusalFaults(submission: Submission, { operations }: History, timeline: readonly Moment[]): string[] {
  const { verb, copies } = submission;
  const active = (from: number, to: number) =>
    operations.some(
      ({ verb: other, requestedAt, endedAt }) =>
        other !== "plan" && requestedAt <= to && (endedAt ?? Number.POSITIVE_INFINITY) + COMMIT_MILLISECONDS >= from,
    );
  return copies.flatMap(({ status, sentAt, answeredAt }) => {
    if (status === 202) return [];
    if (status !== 409) return [`${verb} was answered with ${status}`];
    if (active(sentAt, answeredAt)) return [];
    const possible = statesBetween(timeline, sentAt - COMMIT_MILLISECONDS, answeredAt);
    const explained = [...possible].some((state) => !takenIn[verb].includes(state) || state === "provisioning");
    return explained ? [] : [`${verb} was refused although it is ${[...possible].join(" or ")} and nothing goes on`];
  });
}

function statesBetween(timeline: readonly Moment[], from: number, to: number): Set<State> {
  const started = timeline.filter(({ at }) => at <= to);
  const before = started.filter(({ at }) => at <= from).at(-1);
  return new Set(
    [...(before === undefined ? [] : [before]), ...started.filter(({ at }) => at > from)].flatMap(({ states }) => [
      ...states,
    ]),
  );
}

const name = ({ verb, id, status }: RecordedOperation) => `${verb} ${id} (${status})`;
