/** Loads the control plane's verbs when one of them is needed, so that no other command pays for them. */
import type { ControlPlane } from "./port.ts";

/** @returns the verbs src/main provides */
export async function loadControlPlane(): Promise<ControlPlane> {
  const path = new URL("./main/control-plane.js", import.meta.url).href;
  return (await import(path)) as ControlPlane;
}
