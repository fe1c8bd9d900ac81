/** Whether state, reality, records and ledger agree after a case. Pure. */
import type { ChaosResult } from "../chaos-test.ts";
import { effectOf, resourceNames, urnOf, type Verb } from "./cases.ts";
import type { Facts } from "./facts.ts";

export interface Verdict {
  terminal: boolean;
  /** What exists and no state knows of. */
  orphans: string[];
  /** What stands in the state twice, or was made anew although it existed. */
  duplicates: string[];
  /** What should exist and does not. */
  lost: string[];
  /** Anything else that does not agree. */
  disagreements: string[];
}

/** Whether nothing at all is wrong. */
export function isClean({ terminal, orphans, duplicates, lost, disagreements }: Verdict): boolean {
  return terminal && [orphans, duplicates, lost, disagreements].every((list) => list.length === 0);
}

/** What is wrong, in one line. */
export function told({ orphans, duplicates, lost, disagreements }: Verdict): string {
  return Object.entries({ orphans, duplicates, lost, disagreements })
    .flatMap(([word, list]) => (list.length === 0 ? [] : `${word}: ${list.join("; ")}`))
    .join(" | ");
}

/** All verdicts of one test, added up; a test without a case is not ok. */
export function addedUp(test: string, verdicts: readonly Verdict[]): ChaosResult {
  const sum = (of: (verdict: Verdict) => number) => verdicts.reduce((total, verdict) => total + of(verdict), 0);
  return {
    test,
    cases: verdicts.length,
    terminal: sum(({ terminal }) => Number(terminal)),
    orphans: sum(({ orphans }) => orphans.length),
    duplicates: sum(({ duplicates }) => duplicates.length),
    lost: sum(({ lost }) => lost.length),
    ok: verdicts.length > 0 && verdicts.every(isClean),
  };
}

/** Connections each role and database may have, beside the wanted count. */
const CONNECTIONS = 10;

export interface Expected {
  verb: Verb;
  stack: string;
  operationId: string;
  /** The bench count the operation asked for. */
  count: number;
  /** What existed when the blow fell. */
  before: Facts;
}

/** Compares. */
export function judge(facts: Facts, expected: Expected): Verdict {
  const { verb, stack, operationId } = expected;
  const operation = facts.operations.find(({ id }) => id === operationId);
  const terminal = ["succeeded", "failed", "canceled"].includes(operation?.status ?? "");
  const disagreements: string[] = [];
  const expect = (holds: boolean, what: string) => {
    if (!holds) disagreements.push(what);
  };
  expect(operation?.status === "succeeded", `the operation is ${operation?.status} (${operation?.code})`);
  expect(facts.pending === 0, `${facts.pending} pending entries in the state`);
  expect(facts.locks === 0, `${facts.locks} locks`);
  expect(facts.unsettledIntents === 0, `${facts.unsettledIntents} unsettled intents`);

  const real = realUrns(facts, stack);
  const inState = facts.state.map(({ urn }) => urn);
  const orphans = [...real.keys()].filter((urn) => !inState.includes(urn));
  const duplicates = [...twice(inState), ...twice(facts.state.map(({ id }) => id))];
  const wanted = verb === "destroy" ? [] : resourceNames.map((name) => urnOf(stack, name));
  const lost = [...wanted, ...inState].filter((urn) => !real.has(urn));
  for (const { name, oid } of [...facts.roles, ...facts.databases]) {
    const earlier = [...expected.before.roles, ...expected.before.databases].find((one) => one.name === name);
    if (earlier !== undefined && earlier.oid !== oid) duplicates.push(`${name} was made anew`);
  }

  if (verb === "destroy") {
    expect(!facts.hasState, "the stack's state is still there");
    expect(facts.deployment?.destroyed === true, "the deployment is not shown as destroyed");
    for (const [urn, last] of Object.entries(facts.lastEffects)) {
      expect(last.effect === "delete", `the ledger's last word on ${short(urn)} is ${last.effect} ${last.point}`);
    }
  } else {
    expect(inState.length === wanted.length, `${inState.length} resources in the state`);
    expect(same(facts.recorded, wanted), `shown with ${facts.recorded.map(short).join(", ")}`);
    expect(facts.deployment?.applied_revision === facts.deployment?.wanted_revision, "the revision is not applied");
    for (const urn of wanted) {
      const last = facts.lastEffects[urn];
      // An update that a dead attempt had sent is found done by the next one; what it did is compared with reality below.
      const isLate = last?.effect === effectOf.update && last.generation < (operation?.generation ?? 0);
      const wasMade = last?.effect === effectOf.up || last?.effect === effectOf.update;
      const done = wasMade && (last.point === "after-side-effect" || isLate);
      expect(done, `the ledger's last word on ${short(urn)} is ${last?.effect} ${last?.point}`);
    }
    const limit = CONNECTIONS + expected.count;
    const privileges = expected.count % 2 === 0 ? "" : "TEMPORARY";
    for (const one of [...facts.roles, ...facts.databases]) {
      expect(one.connectionLimit === limit, `${one.name} allows ${one.connectionLimit} connections`);
      expect(one.marked === true, `${one.name} carries no mark`);
    }
    for (const { name, publicPrivileges } of facts.databases) {
      expect(publicPrivileges.join() === privileges, `${name} gives everybody ${publicPrivileges.join() || "nothing"}`);
    }
  }
  return { terminal, orphans, duplicates, lost: [...new Set(lost)], disagreements };
}

/** What a thing that exists would be called in the state; the grant is there as long as its database is. */
function realUrns(facts: Facts, stack: string): Map<string, string> {
  const prefix = `ov_${stack.replace(/^dep_/, "").replaceAll("-", "")}`;
  const known: Record<string, Parameters<typeof urnOf>[1][]> = {
    [`${prefix}_owner`]: ["bench-owner"],
    [`${prefix}_a`]: ["bench-login"],
    [prefix]: ["bench-first-db", "bench-first-public"],
    [`${prefix}_second`]: ["bench-second-db", "bench-second-public"],
  };
  const found = new Map<string, string>();
  for (const { name } of [...facts.roles, ...facts.databases]) {
    const names = known[name];
    if (names === undefined) found.set(name, name);
    for (const one of names ?? []) found.set(urnOf(stack, one), name);
  }
  return found;
}

const twice = (values: readonly string[]): string[] => values.filter((value, index) => values.indexOf(value) !== index);

const same = (left: readonly string[], right: readonly string[]): boolean =>
  JSON.stringify([...left].sort()) === JSON.stringify([...right].sort());

const short = (urn: string): string => urn.slice(urn.lastIndexOf("::") + 2);
