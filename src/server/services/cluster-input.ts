/** What somebody says of a cluster, made into what is stored; addresses of a customer's choice are looked at first. */
import { accessEnds, type ClusterAccess, parseKubeconfig } from "../../domain/cluster-access.ts";
import { OnveraError } from "../../domain/errors.ts";
import { defaultCheckImage, type HostAndPort, type KubernetesSettings } from "../../domain/kubernetes-settings.ts";
import { openAddress } from "../outbound/guarded-request.ts";
import type { CreateCluster } from "../schemas/clusters.ts";

/** Whose words they are: the operator's may lead anywhere. */
export interface Trust {
  isOperator: boolean;
  /** Hosts inside a network that customers may name. */
  privateHosts: readonly string[];
}

export interface ReadCluster {
  access: ClusterAccess;
  databaseUrl: string;
  settings: KubernetesSettings;
}

/**
 * Reads and checks a request, without asking the cluster anything.
 * @throws OnveraError VALIDATION_ERROR that names the member
 */
export async function readCluster(wanted: CreateCluster, trust: Trust): Promise<ReadCluster> {
  const access = parseKubeconfig(wanted.kubeconfig);
  const database = readDatabaseUrl(wanted.database_url);
  await requireOpen(new URL(access.server).hostname, "/kubeconfig", trust);
  await requireOpen(database.host, "/database_url", trust);
  return {
    access,
    databaseUrl: wanted.database_url,
    settings: {
      ...accessFacts(access, trust),
      ingress_class: wanted.ingress_class,
      ingress_namespace: wanted.ingress_namespace ?? null,
      ingress_address: wanted.ingress_address ?? null,
      certificate_issuer: wanted.certificate_issuer ?? null,
      storage_class: wanted.storage_class ?? null,
      volume_access: wanted.volume_access,
      database: wanted.database_address ?? database,
      images: wanted.images,
      private_networks: wanted.private_networks,
      package_index: wanted.package_index ?? null,
      check_image: wanted.check_image ?? defaultCheckImage(wanted.images),
    },
  };
}

/** What an access tells in the clear. */
export const accessFacts = (access: ClusterAccess, { isOperator }: Pick<Trust, "isOperator">) => ({
  server: access.server,
  credentials: "token" in access ? ("token" as const) : ("client_certificate" as const),
  credentials_end: accessEnds(access)?.toISOString() ?? null,
  is_trusted: isOperator,
});

/**
 * Host and port of a database URL.
 * @throws OnveraError VALIDATION_ERROR for anything but a plain address with user, password and sslmode: other settings of a
 *   connection name files of the machine that connects
 */
export function readDatabaseUrl(text: string): HostAndPort {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^postgres(?:ql)?:$/.test(url.protocol)) {
    throw databaseFault("It does not begin with postgresql://.");
  }
  if (url.hostname === "" || url.username === "" || url.password === "") {
    throw databaseFault("It needs a host, a user and a password.");
  }
  const other = [...url.searchParams.keys()].find((name) => name !== "sslmode");
  if (other !== undefined) throw databaseFault(`Only sslmode may stand behind the question mark, not ${other}.`);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port === "" ? 5432 : Number(url.port) };
}

/** @throws OnveraError VALIDATION_ERROR at `pointer` when a customer's host leads inside a network, or nowhere */
export async function requireOpen(host: string, pointer: string, { isOperator, privateHosts }: Trust): Promise<void> {
  if (isOperator) return;
  const bare = host.replace(/^\[|\]$/g, "").toLowerCase();
  try {
    await openAddress(bare, privateHosts);
  } catch (cause) {
    const message = `The host ${bare} has no address, or one inside a network. The platform operator can allow it, or register the cluster`;
    throw new OnveraError("VALIDATION_ERROR", {
      message: `${pointer}: ${message}`,
      fields: [{ pointer, message }],
      cause,
    });
  }
}

function databaseFault(message: string): OnveraError {
  const pointer = "/database_url";
  return new OnveraError("VALIDATION_ERROR", { message: `${pointer}: ${message}`, fields: [{ pointer, message }] });
}
