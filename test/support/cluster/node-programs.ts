/** The node's programs: how each is called, and how one knows that it is ready. */
import path from "node:path";
import { apiPort, type RigPlace } from "./rig-place.ts";

export type ProgramName =
  | "etcd"
  | "kube-apiserver"
  | "kube-controller-manager"
  | "kube-scheduler"
  | "kubelet"
  | "kube-proxy";

export interface NodeProgram {
  name: ProgramName;
  command: string[];
}

/** Which kubeconfigs are written for whom; all of them reach the API server inside the rig. */
export const programIdentities = ["kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet"] as const;

/** What runs on the node besides containerd, in the order it is started. `kubernetes` is the one executable of all. */
export function nodePrograms(place: RigPlace, kubernetes: string): NodeProgram[] {
  const at = (file: string) => path.join(place.certificates, file);
  const kubeconfig = (name: string) => path.join(place.folder, `${name}.kubeconfig`);
  const authority = at("authority.crt");
  const program = (name: ProgramName, args: Record<string, string>): NodeProgram => ({
    name,
    command: [kubernetes, name, ...Object.entries(args).map(([flag, value]) => `--${flag}=${value}`)],
  });
  const etcd = "http://127.0.0.1:2379";
  return [
    program("etcd", {
      "data-dir": path.join(place.folder, "etcd"),
      "listen-client-urls": etcd,
      "advertise-client-urls": etcd,
      "listen-peer-urls": "http://127.0.0.1:2380",
      // The rig's data lives as long as the rig.
      "unsafe-no-fsync": "true",
    }),
    program("kube-apiserver", {
      "etcd-servers": etcd,
      "advertise-address": place.nodeAddress,
      "secure-port": String(apiPort),
      "service-cluster-ip-range": place.serviceNetwork,
      "tls-cert-file": at("kube-apiserver.crt"),
      "tls-private-key-file": at("kube-apiserver.key"),
      "client-ca-file": authority,
      "kubelet-client-certificate": at("kubelet-client.crt"),
      "kubelet-client-key": at("kubelet-client.key"),
      "kubelet-certificate-authority": authority,
      "kubelet-preferred-address-types": "InternalIP",
      "service-account-issuer": "https://kubernetes.default.svc.cluster.local",
      "service-account-key-file": at("accounts.pub"),
      "service-account-signing-key-file": at("accounts.key"),
      "authorization-mode": "Node,RBAC",
      "enable-admission-plugins": "NodeRestriction",
      "allow-privileged": "true",
      "requestheader-client-ca-file": authority,
      "requestheader-allowed-names": "front-proxy",
      "requestheader-extra-headers-prefix": "X-Remote-Extra-",
      "requestheader-group-headers": "X-Remote-Group",
      "requestheader-username-headers": "X-Remote-User",
      "proxy-client-cert-file": at("front-proxy.crt"),
      "proxy-client-key-file": at("front-proxy.key"),
      profiling: "false",
    }),
    program("kube-controller-manager", {
      kubeconfig: kubeconfig("kube-controller-manager"),
      "bind-address": "127.0.0.1",
      "cluster-cidr": place.podNetwork,
      "root-ca-file": authority,
      "cluster-signing-cert-file": authority,
      "cluster-signing-key-file": at("authority.key"),
      "service-account-private-key-file": at("accounts.key"),
      "use-service-account-credentials": "true",
      "leader-elect": "false",
    }),
    program("kube-scheduler", {
      kubeconfig: kubeconfig("kube-scheduler"),
      "bind-address": "127.0.0.1",
      "leader-elect": "false",
    }),
    program("kubelet", {
      config: path.join(place.folder, "kubelet.json"),
      kubeconfig: kubeconfig("kubelet"),
      "hostname-override": place.nodeName,
      "node-ip": place.nodeAddress,
    }),
    program("kube-proxy", { config: path.join(place.folder, "kube-proxy.json") }),
  ];
}
