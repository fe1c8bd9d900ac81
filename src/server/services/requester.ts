/** Who asks, for the operation's record. */
import type { Actor } from "../../store/tables/audit.ts";
import type { Origin } from "../caller.ts";

export interface Requester {
  organizationId: string;
  actor: Actor;
  origin: Origin;
  requestId: string;
}
