/** The phase an operation shows while the engine runs, from the resources that began and have not ended (TN-6). */
import type { CreatePhase } from "../../domain/phases.ts";
import { currentPhase, resourcePhase } from "../../domain/resource-phases.ts";
import type { ResourceEvent } from "../events.ts";

export interface PhaseTracker {
  /** Takes a resource event; gives the phase when it moved on. */
  see(event: ResourceEvent): CreatePhase | undefined;
  /** Moves on from outside the engine, for example to `checking_health`. Never goes back. */
  reach(phase: CreatePhase): CreatePhase | undefined;
  current(): CreatePhase;
}

/** The component whose end means that the database stands. */
const DATABASE_COMPONENT = "onvera:deployment:Database";

/**
 * Makes the tracker of one attempt.
 * @param healthy whether the app answered before; until it does, the URL counts as not yet set up
 */
export function createPhaseTracker(start: CreatePhase, healthy: boolean): PhaseTracker {
  const open = new Map<string, CreatePhase>();
  // The engine starts resources of later phases beside the database's; a first deploy is in the database's phase until
  // all of that has ended, whichever resource began first.
  if (!healthy) open.set(DATABASE_COMPONENT, "provisioning_db");
  let current = start;
  const move = (next: CreatePhase): CreatePhase | undefined => {
    if (next === current) return undefined;
    current = next;
    return next;
  };
  return {
    see(event) {
      if (event.planned) return undefined;
      if (event.type === DATABASE_COMPONENT && event.state !== "started") open.delete(DATABASE_COMPONENT);
      const phase = resourcePhase(event.type, event.phase === undefined ? {} : { phase: event.phase });
      if (phase === undefined) return undefined;
      if (event.state === "started") open.set(event.urn, phase);
      else open.delete(event.urn);
      return move(currentPhase({ unfinished: open.values(), previous: current, healthy }));
    },
    reach: (phase) => move(currentPhase({ unfinished: [phase], previous: current, healthy: true })),
    current: () => current,
  };
}
