/** Phases of an operation: the machine words, in their fixed order, and the sentence a person reads. */

/** ON-31 to ON-36. Airflow splits its bootstrap in two (ON-34); the order is the same for all apps (ON-37). */
export const createPhases = [
  "initializing",
  "provisioning_db",
  "provisioning_infra",
  "bootstrapping_app",
  "running_migrations",
  "checking_health",
  "configuring_subdomain",
  "ready",
] as const;

/** ON-46, in its order. */
export const destroyPhases = ["revoking_access", "removing_db_tenant", "tearing_down_infra"] as const;

export type CreatePhase = (typeof createPhases)[number];
export type DestroyPhase = (typeof destroyPhases)[number];
export type Phase = CreatePhase | DestroyPhase;

export const phaseMessages: Record<Phase, string> = {
  initializing: "Initializing",
  provisioning_db: "Provisioning database",
  provisioning_infra: "Provisioning infrastructure",
  bootstrapping_app: "Bootstrapping application",
  running_migrations: "Running migrations",
  checking_health: "Checking health",
  configuring_subdomain: "Configuring subdomain",
  ready: "Ready",
  revoking_access: "Revoking user access",
  removing_db_tenant: "Removing database tenant",
  tearing_down_infra: "Tearing down infrastructure",
};

/** The later of two phases; a phase never goes back within one attempt (TN-6). */
export function laterPhase<P extends Phase>(order: readonly P[], a: P, b: P): P {
  return order.indexOf(a) >= order.indexOf(b) ? a : b;
}
