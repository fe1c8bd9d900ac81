/** What of an engine's events is kept: in the operation's log, and as the stack's resources. */
import { resourcePhase } from "../../domain/resource-phases.ts";
import type { EngineEvent } from "../events.ts";
import { COMPONENT, type Journal } from "./journal.ts";
import type { PhaseTracker } from "./phase-tracker.ts";

interface Seen {
  phases: PhaseTracker;
  /** When each resource's step began, by URN. */
  begun: Map<string, number>;
}

/** Writes an event of the engine into the operation's log, and what it says of a resource into the stack's records. */
export function recordEvent(journal: Journal, { phases, begun }: Seen, event: EngineEvent): void {
  switch (event.kind) {
    case "resource": {
      const { action, state, urn, type, name, id, parent, planned } = event;
      if (planned || (action === "same" && state === "started")) return;
      const since = begun.get(urn);
      if (state === "started") begun.set(urn, performance.now());
      const took =
        state === "started" || since === undefined ? {} : { duration_ms: Math.round(performance.now() - since) };
      journal.event({ type: "resource", data: { action, state, urn, type, name, phase: phases.current(), ...took } });
      const phase = resourcePhase(type, { phase: event.phase });
      const deleted = state === "done" && (event.op === "delete" || event.op === "delete-replaced");
      // A component has no id of its own and stands from its beginning: its children may be recorded before its end.
      if (event.component) journal.resource({ urn, type, physicalId: COMPONENT, phase, parent, deleted });
      else if (state === "done" && id !== undefined) {
        journal.resource({ urn, type, physicalId: id, phase, parent, deleted });
      }
      return;
    }
    case "diagnostic": {
      const { severity, message, urn } = event;
      journal.event({ type: "diagnostic", data: { severity, message, ...(urn === undefined ? {} : { urn }) } });
      return;
    }
    case "log":
      journal.event({ type: "log", data: { process: event.process, text: event.text } });
      return;
    case "summary":
      return;
  }
}
