/** The crash matrix: every verb, resource, point and kill, as a table. Pure. */

export const verbs = ["up", "update", "destroy"] as const;
export type Verb = (typeof verbs)[number];

/** The six resources of the bench program's `database` version, by logical name, with the last part of their URN. */
export const resources = {
  "bench-owner": "postgresql:index/role:Role",
  "bench-login": "postgresql:index/role:Role",
  "bench-first-db": "postgresql:index/database:Database",
  "bench-second-db": "postgresql:index/database:Database",
  "bench-first-public": "postgresql:index/grant:Grant",
  "bench-second-public": "postgresql:index/grant:Grant",
} as const;
export type ResourceName = keyof typeof resources;
export const resourceNames = Object.keys(resources) as ResourceName[];

/** In the order they come in: around the state's two writes for each step, and around the provider's call between. */
export const points = [
  "before-begin-save",
  "before-call",
  "after-side-effect",
  "before-end-save",
  "after-end-save",
] as const;
export type Point = (typeof points)[number];

export const kills = ["worker", "runner", "cli", "provider", "postgres", "sleep"] as const;
export type Kill = (typeof kills)[number];

/** One stack that is brought up, updated and destroyed, struck the same way each time: three cases. */
export interface Chain {
  resource: ResourceName;
  point: Point;
  kill: Kill;
}

export const chainName = ({ resource, point, kill }: Chain): string => `${kill} ${point} ${resource}`;

/** Every chain, the kinds of kill in turns, so that a part of a run is already a cross-section. */
export function allChains(): Chain[] {
  return points.flatMap((_, shift) =>
    resourceNames.flatMap((resource, row) =>
      kills.map((kill, column) => ({
        resource,
        kill,
        point: points[(shift + row + column) % points.length] ?? "before-call",
      })),
    ),
  );
}

/** The chains of each test run: every kill at least twice, every point and every resource too. */
export function sampleChains(): Chain[] {
  const size = 13;
  return Array.from({ length: size }, (_, index) => ({
    kill: kills[index % kills.length] ?? "worker",
    point: points[(index * 2) % points.length] ?? "before-call",
    resource: resourceNames[(index + Math.floor(index / kills.length)) % resourceNames.length] ?? "bench-owner",
  }));
}

/** The URN of a resource in a stack. */
export const urnOf = (stack: string, resource: ResourceName): string =>
  `urn:pulumi:${stack}::onvera::${resources[resource]}::${resource}`;

/** What the provider is asked to do to the resource. */
export const effectOf = { up: "create", update: "update", destroy: "delete" } as const satisfies Record<Verb, string>;
