/** Whether a change is planned whole before its first step (NH-05). */
import { isDeepStrictEqual } from "node:util";
import type { DeploymentSpec } from "../../domain/deployment-spec.ts";

/**
 * Parts of a spec that reach running processes only. They are never worth a second pass of the engine: protection in
 * the program and the live interlock guard the data in any case.
 */
const processesOnly = [
  "power_state",
  "replicas",
  "restart_token",
  "dags_revision",
] as const satisfies readonly (keyof DeploymentSpec)[];

/**
 * True when the change touches anything else.
 * @param applied what runs now; undefined before the first success, when there is nothing to lose
 */
export function previewsFirst(applied: DeploymentSpec | undefined, wanted: DeploymentSpec): boolean {
  return applied !== undefined && !isDeepStrictEqual(rest(applied), rest(wanted));
}

function rest(spec: DeploymentSpec): Record<string, unknown> {
  const copy: Record<string, unknown> = { ...spec };
  for (const key of processesOnly) delete copy[key];
  return copy;
}
