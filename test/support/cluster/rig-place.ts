/** Where a rig lives: its folders, its addresses. They may run side by side: one kept for development, one of a test run. */
import os from "node:os";
import path from "node:path";
import { resolvePaths } from "../../../src/local/paths.ts";

/** `spare` is what a test of the rig itself leaves behind and clears away. */
export const rigNames = ["dev", "test", "spare"] as const;
export type RigName = (typeof rigNames)[number];

export interface RigPlace {
  name: RigName;
  nodeName: string;
  /** Everything of one run; removed when the rig is taken down. */
  folder: string;
  /** Images once imported; they stay for the next run. */
  images: string;
  /** Which processes the rig consists of. */
  stateFile: string;
  /** For every program that speaks to the cluster. */
  kubeconfigFile: string;
  certificates: string;
  logs: string;
  containerdSocket: string;
  /** The two ends of the cable between this machine and the rig. */
  cable: { here: string; there: string };
  /** This machine, as pods see it. */
  hostAddress: string;
  /** The node, as this machine sees it. */
  nodeAddress: string;
  linkPrefixLength: 30;
  /** All addresses inside the rig: this machine has a route to them. */
  network: string;
  podNetwork: string;
  serviceNetwork: string;
  apiServiceAddress: string;
  nameServerAddress: string;
  ingressAddress: string;
  /** In every hierarchy of control groups. */
  controlGroup: string;
}

/** The API server's port, as usual. */
export const apiPort = 6443;

const secondOctet: Record<RigName, number> = { dev: 213, test: 214, spare: 215 };

/** Computes the place of a rig; touches nothing. */
export function rigPlace(name: RigName): RigPlace {
  const folder = path.join(os.tmpdir(), `onvera-rig-${name}`);
  const prefix = `10.${secondOctet[name]}`;
  return {
    name,
    nodeName: `onvera-rig-${name}`,
    folder,
    images: path.join(resolvePaths().cache, "cluster", name),
    stateFile: path.join(folder, "state.json"),
    kubeconfigFile: path.join(folder, "kubeconfig"),
    certificates: path.join(folder, "certificates"),
    logs: path.join(folder, "logs"),
    containerdSocket: path.join(folder, "containerd.sock"),
    cable: { here: `onvera-${name}`, there: "uplink" },
    hostAddress: `${prefix}.255.1`,
    nodeAddress: `${prefix}.255.2`,
    linkPrefixLength: 30,
    network: `${prefix}.0.0/16`,
    podNetwork: `${prefix}.0.0/18`,
    serviceNetwork: `${prefix}.128.0/18`,
    apiServiceAddress: `${prefix}.128.1`,
    nameServerAddress: `${prefix}.128.10`,
    ingressAddress: `${prefix}.128.80`,
    controlGroup: `onvera-rig-${name}`,
  };
}
