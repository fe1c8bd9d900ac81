/** Where things lie in a pod, and the references of a workload filled in for it. Pure. */
import { type SizeName, sizeFigure } from "../../../../domain/sizes.ts";
import { type ReferenceLookup, renderTemplate, type Workload } from "../../../../domain/workload.ts";
import { portNames } from "../../../workload-check.ts";

/** The one writable place of its own a container has besides `run` is /tmp; `data` and `logs` are volumes. */
export const podFolders = {
  config: "/etc/onvera/config",
  secrets: "/etc/onvera/secrets",
  stdin: "/etc/onvera/stdin",
  data: "/var/lib/onvera/data",
  logs: "/var/lib/onvera/logs",
  run: "/run/onvera",
  temporary: "/tmp",
  /** The app as the image brings it. */
  image: "/opt/app",
} as const;

/** Below the data folder: environments of a deployment's own requirements. */
export const overlaysFolder = `${podFolders.data}/.overlays`;

const FIRST_PORT = 8080;

/** Number of a named port: pods have addresses of their own, so each deployment counts from the same one. */
export const podPort = (workload: Workload, name: string): number => FIRST_PORT + portNames(workload).indexOf(name);

export interface RenderFacts {
  workload: Workload;
  size: SizeName;
  publicUrl: string;
  /** Where the deployment's pods live. */
  namespace: string;
  /** The environment the app runs from: the image's, or the overlay on it. */
  packageFolder: string;
  /** Values of the secrets, where the text may hold them. */
  secrets?: Readonly<Record<string, string>>;
}

/** Fills in one string. @throws Error naming a reference that cannot be filled in */
export const renderForPod = (template: string, facts: RenderFacts): string => renderTemplate(template, lookup(facts));

function lookup({ workload, size, publicUrl, namespace, packageFolder, secrets }: RenderFacts): ReferenceLookup {
  const folders: Readonly<Record<string, string>> = { ...podFolders, package: packageFolder };
  const found: Record<string, (name: string) => string | undefined> = {
    port: (name) => (portNames(workload).includes(name) ? String(podPort(workload, name)) : undefined),
    // The Service of a process is called as the process is.
    host: (name) => name,
    // Only the ingress controller and the deployment's own pods get through to it (its NetworkPolicies).
    address: (name) => ({ listen: "0.0.0.0", proxy: "*" })[name],
    dir: (name) => folders[name],
    "secret-file": (name) => `${podFolders.secrets}/${name}`,
    secret: (name) => secrets?.[name],
    url: (name) => (name === "public" ? publicUrl : undefined),
    pods: (name) => (name === "namespace" ? namespace : undefined),
    size: (name) => sizeFigure(size, name)?.toString(),
  };
  return (kind, name) => found[kind]?.(name);
}
