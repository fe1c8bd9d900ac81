/**
 * The destroy receipt (NH-01): every resource ever recorded is looked up again by its id, and everything that carries the
 * deployment's ownership mark is looked for, so that what was made and never recorded is found too.
 */
import { failure } from "../../domain/failures.ts";
import type { ReceiptItem } from "../../store/tables/stacks.ts";
import { recordedResources } from "../recovery/recorded-resources.ts";
import type { OperationRun } from "./operation-run.ts";
import { StepFailure, type Sweep } from "./target-driver.ts";

/** @throws StepFailure when something still stands, or could not be looked up: neither is destroyed */
export async function writeReceipt(run: OperationRun): Promise<void> {
  run.io.say("Looking every resource up again");
  const context = await run.deploymentContext(run.context.wanted);
  const items: ReceiptItem[] = [];
  const stackName = context.identity.deploymentId;
  for (const { urn, type, physicalId } of await run.store.asPlatform((db) => recordedResources(db, stackName))) {
    const resource = { urn, type, physicalId };
    const { found, lookedUpBy, detail } = await run.driver.lookUp(context, resource);
    const answer = { found, looked_up_by: lookedUpBy, looked_up_at: new Date().toISOString(), detail };
    items.push({ urn, type, physical_id: physicalId, listed_by: "record", ...answer });
  }
  for (const swept of await run.driver.findOwned(context)) items.push(...sweptItems(swept, items, new Date()));
  refuseResidue(items, context.identity.deploymentId);
  run.results.receipt = items;
  run.results.result = { receipt: items };
}

/** The lines of one sweep: what it found beyond the list so far, or one line that says that nothing was, or that nobody knows. */
export function sweptItems(swept: Sweep, listed: readonly ReceiptItem[], at: Date): ReceiptItem[] {
  const line = (of: Pick<ReceiptItem, "type" | "physical_id" | "found" | "detail">): ReceiptItem => ({
    urn: "",
    listed_by: "owner_mark",
    looked_up_by: swept.lookedUpBy,
    looked_up_at: at.toISOString(),
    ...of,
  });
  const whole = { type: "onvera:sweep", physical_id: swept.about };
  if ("failure" in swept) return [line({ ...whole, found: "unknown", detail: swept.failure })];
  const known = new Set(listed.filter(({ found }) => found === "present").map(keyOf));
  const more = swept.things.filter(({ type, physicalId }) => !known.has(keyOf({ type, physical_id: physicalId })));
  if (more.length === 0 && swept.things.length === 0)
    return [line({ ...whole, found: "absent", detail: "nothing carries the mark" })];
  return more.map(({ type, physicalId, detail }) =>
    line({ type, physical_id: physicalId, found: "present", detail: `never recorded; ${detail}` }),
  );
}

/** @throws StepFailure DESTROY_INCOMPLETE with the residue, as long as anything is there or not known to be gone */
export function refuseResidue(items: readonly ReceiptItem[], deploymentId: string): void {
  const named = (wanted: ReceiptItem["found"]) =>
    items.filter(({ found }) => found === wanted).map(({ physical_id: id }) => id);
  const [present, unknown] = [named("present"), named("unknown")];
  if (present.length + unknown.length === 0) return;
  const sentences = [
    ...(present.length > 0 ? [`Still there after the destroy: ${present.join(", ")}.`] : []),
    ...(unknown.length > 0 ? [`Could not be looked up, so nobody knows: ${unknown.join(", ")}.`] : []),
  ];
  const residue = items
    .filter(({ found }) => found === "present" || found === "unknown")
    .map(({ type, physical_id, found, detail }) => ({ type, physical_id, found, detail }));
  const next = `Look at what is left behind, then clear it: onvera destroy ${deploymentId} --retry`;
  throw new StepFailure(failure("DESTROY_INCOMPLETE", sentences.join(" "), { residue, next_step: next }));
}

const keyOf = ({ type, physical_id: id }: Pick<ReceiptItem, "type" | "physical_id">) => `${type} ${id}`;
