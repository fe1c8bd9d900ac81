/** The commands about clusters. */
import type { VolumeAccess } from "../../domain/kubernetes-settings.ts";
import type { CommandGroup } from "../command-spec.ts";
import { confirmName, pageOptions } from "./shared-options.ts";

// The schema itself would bring its library along, which every command line would wait for.
const volumeAccesses = Object.keys({ ReadWriteOnce: true, ReadWriteMany: true } satisfies Record<VolumeAccess, true>);
const cluster = { syntax: "<cluster>", description: "name or id (clu_…)" };
const action = () => import("../actions/clusters.ts");

export const clusterCommands: CommandGroup = {
  name: "clusters",
  aliases: ["cluster"],
  summary: "Where workloads run",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the clusters you can use",
      examples: [{ line: "onvera clusters list" }],
      calls: ["listClusters"],
      load: async () => ({ run: (await action()).list }),
    },
    {
      name: "get",
      arguments: [cluster],
      summary: "Show a cluster",
      examples: [{ line: "onvera clusters get prod" }],
      calls: ["getCluster"],
      load: async () => ({ run: (await action()).get }),
    },
    {
      name: "add",
      arguments: [{ syntax: "<name>", description: "what you call it" }],
      summary: "Register a Kubernetes cluster (owner; --shared: platform operator)",
      description:
        "The kubeconfig's current context must hold a server, its certificate authority, and a token or a client certificate: nothing that runs a program or names a file. Kubeconfig and database URL are sealed and never shown again.",
      options: [
        { flags: "--kubeconfig <file>", description: "how the cluster is reached" },
        {
          flags: "--database-url-file <file>",
          description: "file with the URL of a role that may create databases and roles; '-' reads standard input",
        },
        { flags: "--domain <domain>", description: "deployments answer at <label>.<domain>" },
        { flags: "--shared", description: "for all organizations" },
        { flags: "--database-address <host:port>", description: "the database server as pods reach it" },
        { flags: "--ingress-class <class>", description: "ingress class (nginx)" },
        { flags: "--ingress-namespace <namespace>", description: "where the ingress controller's pods live" },
        {
          flags: "--ingress-address <host:port>",
          description: "where the control plane reaches the ingress controller when the domain is not in DNS",
        },
        {
          flags: "--certificate-issuer <issuer>",
          description: "cert-manager's ClusterIssuer for the hosts' certificates",
        },
        { flags: "--storage-class <class>", description: "storage class (the cluster's default)" },
        {
          flags: "--volume-access <mode>",
          description: "ReadWriteOnce (default) keeps a deployment's pods on one node",
          choices: volumeAccesses,
        },
        { flags: "--no-check", description: "do not check it at once" },
        { flags: "--check-image <image>", description: "what a check runs its pods from (<images>/busybox:1)" },
        {
          flags: "--private-network <cidr[:port]>",
          description: "what pods may reach beside the internet and the database server",
          repeatable: true,
        },
        { flags: "--package-index <url>", description: "where deployments' requirements come from (PyPI)" },
        { flags: "--images <prefix>", description: "registry and path of the apps' images (onvera.local)" },
      ],
      examples: [
        {
          line: "onvera clusters add prod --kubeconfig prod.yaml --database-url-file db-url --domain apps.example.com",
        },
      ],
      calls: ["createCluster", "checkCluster"],
      load: async () => ({ run: (await action()).add }),
    },
    {
      name: "update",
      arguments: [cluster],
      summary: "Give a cluster other credentials, such as a new token",
      description:
        "They are tried first; where they do not work, or lead to another cluster, nothing changes. Operations that run go on with them.",
      options: [
        { flags: "--kubeconfig <file>", description: "how the cluster is reached from now on" },
        {
          flags: "--database-url-file <file>",
          description: "file with the URL of the same database server; '-' reads standard input",
        },
        { flags: "--no-check", description: "do not check it at once" },
      ],
      examples: [{ line: "onvera clusters update prod --kubeconfig prod.yaml" }],
      calls: ["updateCluster", "checkCluster"],
      load: async () => ({ run: (await action()).update }),
    },
    {
      name: "check",
      arguments: [cluster],
      summary: "Check what a cluster has and lacks; exit code 1 when something is missing",
      description:
        "Version, permissions, storage class, ingress class, NetworkPolicies and Pod Security, figures, and the database server, from here and from pods.",
      examples: [{ line: "onvera clusters check prod" }],
      calls: ["checkCluster"],
      load: async () => ({ run: (await import("../actions/cluster-check.ts")).check }),
    },
    {
      name: "manifest",
      summary: "Print the account and the permissions to install on a cluster for Onvera",
      options: [{ flags: "--namespace <namespace>", description: "where the account lives (onvera-system)" }],
      examples: [{ line: "onvera clusters manifest | kubectl apply -f -" }],
      calls: [],
      load: async () => ({ run: (await import("../actions/cluster-check.ts")).manifest }),
    },
    {
      name: "abandon",
      arguments: [cluster],
      summary: "Give a cluster up that is gone, with every deployment on it; asks for its name",
      description:
        "Refused while the cluster answers. Nothing is removed; its secrets are forgotten, and what may still be there is kept as a list.",
      options: [confirmName],
      examples: [{ line: "onvera clusters abandon prod" }],
      calls: ["getCluster", "abandonCluster"],
      load: async () => ({ run: (await import("../actions/abandon.ts")).cluster }),
    },
    {
      name: "leaks",
      arguments: [cluster],
      summary: "List what may still be there of deployments that were abandoned on a cluster",
      options: pageOptions,
      examples: [{ line: "onvera clusters leaks prod" }],
      calls: ["listClusterLeaks"],
      load: async () => ({ run: (await import("../actions/abandon.ts")).leaks }),
    },
    {
      name: "remove",
      aliases: ["rm"],
      arguments: [cluster],
      summary: "Take a cluster from the platform; refused while deployments or environments are on it",
      options: [{ flags: "-y, --yes", description: "do not ask" }],
      examples: [{ line: "onvera clusters remove prod --yes" }],
      calls: ["deleteCluster"],
      load: async () => ({ run: (await action()).remove }),
    },
  ],
};
