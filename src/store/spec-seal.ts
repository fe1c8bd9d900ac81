/**
 * The parts of a deployment spec that may hold a customer's secrets, sealed wherever a spec is stored. What was stored
 * before they were sealed is read as it is.
 */
import { DeploymentSpec } from "../domain/deployment-spec.ts";
import { type SealedMember, type SealedValue, seal, unseal } from "../domain/envelope.ts";
import type { DataKeys } from "./crypto/data-keys.ts";
import type { SealedSpot } from "./crypto/places.ts";
import type { Scoped } from "./database.ts";
import type { StoredSpec } from "./tables/deployments.ts";

/** Where a stored spec stands; a sealed member opens nowhere else. */
export type SpecPlace = `deployment_specs|${string}|${number}` | `operations|${string}|${string}`;

/** Place of one revision's spec. */
export const revisionPlace = (deploymentId: string, revision: number): SpecPlace =>
  `deployment_specs|${deploymentId}|${revision}`;

/** Place of the spec in a plan's input. */
export const planPlace = (deploymentId: string, operationId: string): SpecPlace =>
  `operations|${deploymentId}|${operationId}`;

/** A Git URL may carry a user and a password; the others are values a customer gave to an app. */
const sealedMembers = [
  ["environment_variables"],
  ["superset", "config"],
  ["airflow", "connections"],
  ["airflow", "variables"],
  ["airflow", "dags", "url"],
] as const;

/** Seals a spec's members for one place with the organization's data key; one that is empty stays as it is. */
export async function sealSpec(
  db: Scoped,
  dataKeys: DataKeys,
  { organizationId, place }: { organizationId: string; place: SpecPlace },
  spec: DeploymentSpec,
): Promise<StoredSpec> {
  const stored: Record<string, unknown> = structuredClone(spec);
  for (const path of sealedMembers) {
    const member = find(stored, path);
    if (member === undefined || isEmpty(member.value)) continue;
    const key = await dataKeys.current(db, organizationId);
    member.replace({ $sealed: seal(key, JSON.stringify(member.value), context(place, path)) });
  }
  return stored as StoredSpec;
}

/** Whether storing a spec takes a key: whether any of its sealed members holds something. */
export const holdsSealed = (spec: DeploymentSpec): boolean =>
  sealedMembers.some((path) => {
    const member = find(spec, path);
    return member !== undefined && !isEmpty(member.value);
  });

/**
 * Opens a stored spec.
 * @throws SealError when a member was changed or moved; ZodError when it is not a spec this version knows
 */
export async function openSpec(
  db: Scoped,
  dataKeys: DataKeys,
  place: SpecPlace,
  stored: unknown,
): Promise<DeploymentSpec> {
  return DeploymentSpec.parse(await openStored(db, dataKeys, place, stored));
}

/**
 * The same without this version's defaults: what was stored and nothing else, so that it stays equal across upgrades and
 * new keys.
 * @throws SealError when a member was changed or moved
 */
export async function openStored(db: Scoped, dataKeys: DataKeys, place: SpecPlace, stored: unknown): Promise<unknown> {
  const spec: unknown = structuredClone(stored);
  for (const path of sealedMembers) {
    const member = find(spec, path);
    const sealed = member && sealedValue(member.value);
    if (!sealed) continue;
    const key = await dataKeys.byId(db, sealed.kid);
    member.replace(JSON.parse(unseal(key, sealed, context(place, path)).toString("utf8")));
  }
  return spec;
}

/** The sealed members of a stored spec as they stand, for whoever seals them anew. */
export function sealedIn(stored: unknown, place: SpecPlace): SealedSpot[] {
  return sealedMembers.flatMap((path) => {
    const member = find(stored, path);
    const value = member && sealedValue(member.value);
    if (!member || !value) return [];
    return [{ value, place: context(place, path), replace: (next: SealedValue) => member.replace({ $sealed: next }) }];
  });
}

const context = (place: SpecPlace, path: readonly string[]) => `${place}|${path.join(".")}`;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isEmpty = (value: unknown): boolean => value === "" || (isObject(value) && Object.keys(value).length === 0);

/** A customer's own key of that name holds a text, never an object. */
function sealedValue(value: unknown): SealedValue | undefined {
  if (!isObject(value) || !isObject(value.$sealed)) return undefined;
  return (value as unknown as SealedMember).$sealed;
}

function find(spec: unknown, path: readonly string[]) {
  const last = path.at(-1);
  const holder = path.slice(0, -1).reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), spec);
  if (last === undefined || !isObject(holder) || !Object.hasOwn(holder, last)) return undefined;
  return {
    value: holder[last],
    replace: (value: unknown) => {
      holder[last] = value;
    },
  };
}
