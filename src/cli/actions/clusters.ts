/** `onvera clusters`: where workloads run. */
import type { VolumeAccess } from "../../domain/kubernetes-settings.ts";
import type { Data } from "../api/contract.ts";
import { usageError } from "../errors.ts";
import { exitCodes } from "../exit-codes.ts";
import { argument, choice, type Invocation, isRefused, isSet, text } from "../invocation.ts";
import { showList, showOne } from "../output/show.ts";
import { confirm, contextNote, requireTerminal } from "../prompt.ts";
import { showCheck } from "./cluster-check.ts";
import { address, contents, hostPort, networks, networkText } from "./cluster-options.ts";

type Cluster = Data<"getCluster">;

export async function list(invocation: Invocation): Promise<undefined> {
  showList(invocation, await invocation.api().call("listClusters"), {
    columns: [
      { title: "ID", value: ({ id }) => id },
      { title: "NAME", value: ({ name }) => name },
      { title: "KIND", value: ({ kind }) => kind },
      { title: "DOMAIN", value: ({ domain }) => domain },
      { title: "SHARED", value: ({ shared }) => (shared ? "yes" : "no") },
      { title: "STATE", value: ({ state }) => state },
    ],
    name: ({ id }) => id,
    nothing: "There are no clusters.",
  });
  return undefined;
}

export async function get(invocation: Invocation): Promise<undefined> {
  show(invocation, await invocation.api().call("getCluster", { path: pathOf(invocation) }));
  return undefined;
}

export async function add(invocation: Invocation): Promise<number> {
  const made = await invocation.api().call("createCluster", {
    body: {
      name: argument(invocation, 0),
      shared: isSet(invocation, "shared"),
      domain: required(invocation, "domain", "--domain apps.example.com"),
      kubeconfig: await contents(required(invocation, "kubeconfig", "--kubeconfig <file>")),
      database_url: (await contents(required(invocation, "databaseUrlFile", "--database-url-file <file>"))).trim(),
      database_address: address(invocation, "databaseAddress"),
      ingress_class: text(invocation, "ingressClass"),
      ingress_namespace: text(invocation, "ingressNamespace"),
      ingress_address: address(invocation, "ingressAddress"),
      certificate_issuer: text(invocation, "certificateIssuer"),
      storage_class: text(invocation, "storageClass"),
      volume_access: choice<VolumeAccess>(invocation, "volumeAccess"),
      images: text(invocation, "images"),
      private_networks: networks(invocation, "privateNetwork"),
      package_index: text(invocation, "packageIndex"),
      check_image: text(invocation, "checkImage"),
    },
  });
  return checked(invocation, made, "is registered");
}

/** Other credentials; the server tries them before it takes them. */
export async function update(invocation: Invocation): Promise<number> {
  const [kubeconfig, databaseUrl] = [text(invocation, "kubeconfig"), text(invocation, "databaseUrlFile")];
  if (kubeconfig === undefined && databaseUrl === undefined) {
    throw usageError("There is nothing to change.", "Add --kubeconfig <file>, --database-url-file <file>, or both");
  }
  const changed = await invocation.api().call("updateCluster", {
    path: pathOf(invocation),
    body: {
      ...(kubeconfig !== undefined && { kubeconfig: await contents(kubeconfig) }),
      ...(databaseUrl !== undefined && { database_url: (await contents(databaseUrl)).trim() }),
    },
  });
  return checked(invocation, changed, "has its new credentials");
}

/** Shows what a check finds, or the cluster itself with --no-check. */
async function checked(invocation: Invocation, cluster: Cluster, news: string): Promise<number> {
  if (isRefused(invocation, "check")) {
    show(invocation, cluster);
    return exitCodes.ok;
  }
  invocation.output.say(
    `Cluster ${cluster.name} (${cluster.id}) ${news}. It is being checked, which may take two minutes.`,
  );
  return showCheck(invocation, await invocation.api().call("checkCluster", { path: { cluster_id: cluster.id } }));
}

export async function remove(invocation: Invocation): Promise<number> {
  const { io, output } = invocation;
  const name = argument(invocation, 0);
  if (!isSet(invocation, "yes")) {
    requireTerminal(io, "Removing a cluster", "--yes");
    if (!(await confirm(io, `${contextNote(invocation)}Take cluster ${name} from the platform?`))) {
      output.say("Nothing was removed.");
      return exitCodes.ok;
    }
  }
  const gone = await invocation.api().call("deleteCluster", { path: pathOf(invocation) });
  output.data(gone, {
    names: () => [gone.id],
    table: () => `Cluster ${gone.name} is taken from the platform. Nothing was changed on it.\n`,
  });
  return exitCodes.ok;
}

const pathOf = (invocation: Invocation) => ({ cluster_id: argument(invocation, 0) });

function required(invocation: Invocation, name: string, flag: string): string {
  const value = text(invocation, name);
  if (value === undefined) throw usageError(`${flag.split(" ")[0]} is missing.`, `Add ${flag}`);
  return value;
}

function show(invocation: Invocation, cluster: Cluster): void {
  const { kubernetes } = cluster;
  showOne(invocation, cluster, cluster.id, [
    ["ID", cluster.id],
    ["Name", cluster.name],
    ["Kind", cluster.kind],
    ["Domain", cluster.domain],
    ["Shared", cluster.shared ? "yes" : "no"],
    ["State", cluster.state],
    ...(kubernetes === null ? [] : kubernetesLines(kubernetes)),
    [
      "Last check",
      cluster.check && `${cluster.check.fit ? "fit" : "something is missing"}, ${cluster.check.checked_at}`,
    ],
    ["Created at", cluster.created_at],
  ]);
}

const kubernetesLines = (facts: NonNullable<Cluster["kubernetes"]>): [string, string | null][] => [
  ["Server", facts.server],
  ["Credentials", facts.credentials.replace("_", " ")],
  ["Credentials end", facts.credentials_end],
  ["Ingress class", facts.ingress_class],
  ["Ingress namespace", facts.ingress_namespace],
  ["Ingress address", facts.ingress_address && hostPort(facts.ingress_address)],
  ["Certificate issuer", facts.certificate_issuer],
  ["Storage class", facts.storage_class ?? "the cluster's default"],
  ["Volume access", facts.volume_access],
  ["Database", hostPort(facts.database)],
  ["Images", facts.images],
  ["Private networks", facts.private_networks.map(networkText).join(", ") || null],
  ["Package index", facts.package_index],
];
