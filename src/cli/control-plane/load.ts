/** Loads the control plane's verbs when one of them is needed, so that no other command pays for them. */
import type { ControlPlane } from "./port.ts";

/** @returns the verbs src/main provides */
export const loadControlPlane = (): Promise<ControlPlane> => import("../../main/control-plane.ts");
