/** The configuration files of the node's programs: what they say is decided here, written by whoever starts them. */
import path from "node:path";
import type { RigPlace } from "./rig-place.ts";

export const pauseImage = "onvera.local/pause:1";

/** Inside the rig everything of the node's system folders that may be written to is the rig's own. */
export const ownFolders = (place: RigPlace) => [
  { from: path.join(place.folder, "kubelet"), to: "/var/lib/kubelet" },
  { from: path.join(place.folder, "cni"), to: "/var/lib/cni" },
  { from: path.join(place.folder, "log"), to: "/var/log" },
];

/** containerd with folders and a socket of its own; a rig inside a container may not lower its own OOM score. */
export function containerdConfig(place: RigPlace): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return `version = 2
root = "${place.images}"
state = "/run/containerd"
disabled_plugins = [${["btrfs", "zfs", "aufs", "devmapper"].map((name) => `"io.containerd.snapshotter.v1.${name}"`).join(", ")}]

[grpc]
address = "${place.containerdSocket}"

[${cri}]
sandbox_image = "${pauseImage}"
restrict_oom_score_adj = true

[${cri}.containerd]
snapshotter = "overlayfs"

[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[${cri}.containerd.runtimes.runc.options]
SystemdCgroup = false

[${cri}.cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${path.join(place.folder, "network")}"
`;
}

/** Each pod has a cable of its own to the node, so that every packet between pods is routed, and can be judged. */
export const podNetworkConfig = (place: RigPlace) => ({
  cniVersion: "0.4.0",
  name: "rig",
  plugins: [
    {
      type: "ptp",
      ipMasq: false,
      ipam: { type: "host-local", ranges: [[{ subnet: place.podNetwork }]], routes: [{ dst: "0.0.0.0/0" }] },
    },
  ],
});

export const kubeletConfig = (place: RigPlace) => ({
  apiVersion: "kubelet.config.k8s.io/v1beta1",
  kind: "KubeletConfiguration",
  address: place.nodeAddress,
  containerRuntimeEndpoint: `unix://${place.containerdSocket}`,
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: path.join(place.certificates, "authority.crt") },
  },
  authorization: { mode: "Webhook" },
  tlsCertFile: path.join(place.certificates, "kubelet.crt"),
  tlsPrivateKeyFile: path.join(place.certificates, "kubelet.key"),
  cgroupDriver: "cgroupfs",
  cgroupRoot: `/${place.controlGroup}`,
  failCgroupV1: false,
  failSwapOn: false,
  clusterDNS: [place.nameServerAddress],
  clusterDomain: "cluster.local",
  resolvConf: path.join(place.folder, "resolv.conf"),
  volumePluginDir: path.join(place.folder, "volume-plugins"),
  // Images come from a file and cannot be fetched again; a full disk is the machine's business.
  imageGCHighThresholdPercent: 100,
  imageGCLowThresholdPercent: 99,
  evictionHard: { "memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%" },
  maxPods: 250,
  healthzBindAddress: "127.0.0.1",
});

export const kubeProxyConfig = (place: RigPlace) => ({
  apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
  kind: "KubeProxyConfiguration",
  clientConnection: { kubeconfig: path.join(place.folder, "kube-proxy.kubeconfig") },
  clusterCIDR: place.podNetwork,
  hostnameOverride: place.nodeName,
  mode: "iptables",
  healthzBindAddress: "127.0.0.1:10256",
  metricsBindAddress: "127.0.0.1:10249",
  // How many connections are tracked is a setting of the whole machine.
  conntrack: { maxPerCore: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
});
