/** The phases an operation goes through while the engine runs, from the resources that began and have not ended (TN-6). */
import { type CreatePhase, createPhases } from "../../domain/phases.ts";
import { currentPhase, resourcePhase } from "../../domain/resource-phases.ts";
import type { ResourceEvent } from "../events.ts";

export interface PhaseTracker {
  /** Takes a resource event; gives the phases it moved through, in order, the one it is in now last. */
  see(event: ResourceEvent): CreatePhase[];
  /** Moves on from outside the engine, for example to `checking_health`. Never goes back. */
  reach(phase: CreatePhase): CreatePhase[];
  current(): CreatePhase;
}

/**
 * Components whose end is the end of a phase. Their resources may begin late or be done in no time, so that a look at
 * what is under way alone would miss the phase.
 */
const milestones: Readonly<Record<string, CreatePhase>> = {
  "onvera:deployment:Database": "provisioning_db",
  "onvera:deployment:Network": "provisioning_infra",
};

/**
 * Makes the tracker of one attempt.
 * @param healthy whether the app answered before; until it does, the URL counts as not yet set up
 */
export function createPhaseTracker(start: CreatePhase, healthy: boolean): PhaseTracker {
  const open = new Map<string, CreatePhase>();
  // Work of a later phase may begin and end while an earlier one goes on. Its phase is told when its turn has come, so
  // that each phase that had work is recorded, in order (ON-33, ON-37).
  const hadWork = new Set<CreatePhase>();
  const begin = (key: string, phase: CreatePhase) => {
    open.set(key, phase);
    hadWork.add(phase);
  };
  // The engine starts resources of later phases beside the database's; a first deploy is in the database's phase until
  // all of that has ended, whichever resource began first.
  if (!healthy) for (const [type, phase] of Object.entries(milestones)) begin(type, phase);
  let current = start;
  const move = (next: CreatePhase): CreatePhase[] => {
    if (next === current) return [];
    const [from, to] = [createPhases.indexOf(current), createPhases.indexOf(next)];
    current = next;
    return createPhases.filter((phase, index) => index > from && index <= to && (phase === next || hadWork.has(phase)));
  };
  return {
    see(event) {
      // A change of a deployment that works shows what it changes, not what it finds as it was.
      if (event.planned || (healthy && event.action === "same")) return [];
      const phase = resourcePhase(event.type, event.phase === undefined ? {} : { phase: event.phase });
      // What failed has not ended: its phase is the one the operation stops in.
      if (event.state === "done") open.delete(Object.hasOwn(milestones, event.type) ? event.type : event.urn);
      else if (event.state === "started" && phase !== undefined) begin(event.urn, phase);
      return move(currentPhase({ unfinished: open.values(), previous: current, healthy }));
    },
    reach: (phase) => move(currentPhase({ unfinished: [phase], previous: current, healthy: true })),
    current: () => current,
  };
}
