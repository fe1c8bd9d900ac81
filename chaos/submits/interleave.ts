/** Callers that act on the same deployment at the same moment, at random, some of them twice under one key. */
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { Chance } from "../cluster/random.ts";
import type { History, RecordedOperation, Submission, Verb } from "./history.ts";
import type { CallAnswer, SubmitsWorld } from "./world.ts";

const CALLERS = 3;
const CALLS = 12;
const ITEMS = 3;
/** Longest pause of a caller between two calls. */
const PAUSE_MILLISECONDS = 1200;
const END_SECONDS = 180;

/** How often each verb is chosen; a destroy in the middle is rare, or nothing else would happen. */
const chances: Readonly<Record<Verb, number>> = { update: 24, stop: 24, start: 24, plan: 5, destroy: 1 };
const verbs = (Object.keys(chances) as Verb[]).flatMap((verb) => Array.from({ length: chances[verb] }, () => verb));

/**
 * Lets callers loose on one new deployment, destroys it at the end if none of them did, and waits until all has ended.
 */
export async function interleave(world: SubmitsWorld, chance: Chance): Promise<History> {
  const made = await world.call(0, {
    method: "POST",
    path: "/api/v1/deployments",
    body: { app_type: "bench", version: "items", bench_resources: ITEMS, name: "interleaved" },
    idempotencyKey: randomUUID(),
  });
  if (made.status !== 202) throw new Error(`A bench deployment was refused: ${JSON.stringify(made.body)}`);
  const deploymentId = made.body.deployment_id as string;
  // Some begin while it is still being made.
  if (chance.next() < 0.7) await world.plane.ended(made.body.operation_id as string);
  const submissions: Submission[] = [];
  const accepted: string[] = [];
  const canceledAtOnce: string[] = [];

  const submit = async (verb: Verb, caller: number) => {
    const call = { ...requestOf(verb, deploymentId, chance), idempotencyKey: randomUUID() };
    const copies = chance.next() < 0.3 ? 3 : 1;
    const answers = await Promise.all(Array.from({ length: copies }, (_, copy) => world.call(caller + copy, call)));
    submissions.push({ verb, copies: answers.map(copyOf) });
    accepted.push(...answers.flatMap((answer) => copyOf(answer).operationId ?? []));
    return answers;
  };
  const cancel = async (caller: number) => {
    const id = accepted.at(-1);
    if (id === undefined) return;
    const answer = await world.call(caller, {
      method: "POST",
      path: `/api/v1/operations/${id}/cancel`,
      idempotencyKey: randomUUID(),
    });
    if (![202, 409].includes(answer.status)) throw new Error(`A cancel was answered with ${answer.status}`);
    if (answer.body?.status === "canceled") canceledAtOnce.push(id);
  };
  const caller = async (number: number) => {
    for (let done = 0; done < CALLS; done += 1) {
      if (chance.next() < 0.15) await cancel(number);
      else await submit(chance.pick(verbs), number);
      await pause(chance.next() * PAUSE_MILLISECONDS);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, (_, number) => caller(number)));
  await allEnded(world, deploymentId);
  const { body } = await world.call(0, { method: "GET", path: `/api/v1/deployments/${deploymentId}` });
  if (body.status !== "destroyed") {
    await submit("destroy", 0);
    await allEnded(world, deploymentId);
  }
  return { deploymentId, submissions, canceledAtOnce, operations: await recorded(world, deploymentId) };
}

function requestOf(verb: Verb, id: string, chance: Chance) {
  const path = `/api/v1/deployments/${id}`;
  if (verb === "destroy") return { method: "DELETE" as const, path };
  if (verb === "update") {
    return { method: "PATCH" as const, path, body: { environment_variables: { TRIED: String(chance.whole(1, 1e9)) } } };
  }
  return { method: "POST" as const, path: `${path}/${verb}`, ...(verb === "plan" ? { body: { destroy: true } } : {}) };
}

function copyOf({ status, body, sentAt, answeredAt }: CallAnswer): Submission["copies"][number] {
  return { status, operationId: status === 202 ? (body.operation_id as string) : null, sentAt, answeredAt };
}

async function allEnded(world: SubmitsWorld, deploymentId: string): Promise<void> {
  for (const { id, endedAt } of await recorded(world, deploymentId)) {
    if (endedAt === null) await world.plane.ended(id, END_SECONDS);
  }
}

async function recorded({ plane }: SubmitsWorld, deploymentId: string): Promise<RecordedOperation[]> {
  const rows = await plane.store.asPlatform((db) =>
    db.selectFrom("operations").selectAll().where("resource_id", "=", deploymentId).orderBy("requested_at").execute(),
  );
  return rows.map(({ id, type, input, status, requested_at, started_at, ended_at }) => ({
    id,
    verb: type.replace("deployment.", "") as RecordedOperation["verb"],
    revision: type === "deployment.plan" ? null : ((input as { revision?: number }).revision ?? null),
    status,
    requestedAt: requested_at.getTime(),
    startedAt: started_at?.getTime() ?? null,
    endedAt: ended_at?.getTime() ?? null,
  }));
}
