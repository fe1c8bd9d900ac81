/** Every target by the kind of cluster it renders for. A target is imported when it is used: some SDKs are heavy. */
import type { TargetKind } from "../../domain/program-input.ts";
import type { Target } from "../components/target.ts";

const targets: Record<TargetKind, () => Promise<Target>> = {
  local: async () => (await import("./local/index.ts")).localTarget,
  kubernetes: async () => (await import("./kubernetes/index.ts")).kubernetesTarget,
};

/** Imports the target that renders for this kind of cluster. */
export const loadTarget = (kind: TargetKind): Promise<Target> => targets[kind]();
