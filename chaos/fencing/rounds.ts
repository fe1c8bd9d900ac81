/** The rounds of fencing, as a table: who sleeps, where its successor runs, whose clock jumps. Pure. */
import { type Point, points, type ResourceName, resourceNames } from "../crash-matrix/cases.ts";

export type Part = "worker" | "runner" | "provider";

/** What stands still together. A lease is lost with its worker only; without it the rest is waited for. */
export const sleepers: readonly (readonly Part[])[] = [
  ["worker", "runner", "provider"],
  ["worker"],
  ["worker", "runner"],
  ["worker", "provider"],
  ["runner"],
  ["provider"],
];

/** On the same host the successor ends what it finds alive; what is on another it can only keep out. */
export type Host = "same host" | "another host";

/** Minutes by which a worker's wall clock jumps. */
export const jumps = [10, -10] as const;

interface Place {
  resource: ResourceName;
  point: Point;
}

/** One stack that is brought up, updated and destroyed: three rounds. */
export type Round =
  | (Place & { kind: "sleep"; sleeper: readonly Part[]; host: Host; wakesFirst: "worker" | "others" })
  | (Place & { kind: "jump"; minutes: number });

export function roundName(round: Round): string {
  const place = `${round.point} ${round.resource}`;
  if (round.kind === "jump") return `clock ${round.minutes > 0 ? "+" : ""}${round.minutes} min ${place}`;
  return `${whatOf(round)} ${place}`;
}

/** Under which head the round's figures stand. */
export function whatOf(round: Round): string {
  if (round.kind === "jump") return "wall clock jumps by 10 min";
  return `${round.sleeper.join(", ")} asleep, successor on ${round.host === "same host" ? "the same" : "another"} host`;
}

/** Every stack of a whole run, the kinds in turns. */
export function allRounds(): Round[] {
  return points.flatMap((_, shift) => {
    const place = (row: number): Place => ({
      point: points[(shift + row) % points.length] ?? "before-call",
      resource: resourceNames[(shift * 2 + row) % resourceNames.length] ?? "bench-owner",
    });
    const asleep = sleepers.flatMap((sleeper, row) =>
      (["another host", "same host"] as const).map((host, column): Round => {
        const wakesFirst = (shift + row) % 2 === 0 ? "others" : "worker";
        return { kind: "sleep", sleeper, host, wakesFirst, ...place(row * 2 + column) };
      }),
    );
    return [...asleep, ...jumps.map((minutes, row): Round => ({ kind: "jump", minutes, ...place(row) }))];
  });
}

/** The stacks of each test run: one on either side, and one jump. */
export function sampleRounds(): Round[] {
  return [
    {
      kind: "sleep",
      sleeper: ["worker", "runner", "provider"],
      host: "another host",
      wakesFirst: "others",
      resource: "bench-first-db",
      point: "after-side-effect",
    },
    {
      kind: "sleep",
      sleeper: ["worker"],
      host: "same host",
      wakesFirst: "worker",
      resource: "bench-login",
      point: "before-end-save",
    },
    { kind: "jump", minutes: -10, resource: "bench-second-db", point: "before-call" },
  ];
}
