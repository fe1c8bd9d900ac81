/** Which addresses a tenant's own words may make this machine connect to. */
import { lookup } from "node:dns/promises";
import { BlockList, isIP } from "node:net";
import { RequestError } from "./request-error.ts";

/** Never reached, whoever allows what: the machine's own services, its neighbours, and the cloud's metadata. */
const never = new BlockList();
never.addSubnet("0.0.0.0", 8, "ipv4");
never.addSubnet("127.0.0.0", 8, "ipv4");
never.addSubnet("169.254.0.0", 16, "ipv4");
never.addSubnet("224.0.0.0", 3, "ipv4");
never.addAddress("100.100.100.200", "ipv4");
never.addAddress("168.63.129.16", "ipv4");
never.addAddress("::", "ipv6");
never.addAddress("::1", "ipv6");
never.addSubnet("fe80::", 10, "ipv6");
never.addSubnet("ff00::", 8, "ipv6");
never.addAddress("fd00:ec2::254", "ipv6");

/** Reached only where the operator's list names the host. */
const inner = new BlockList();
inner.addSubnet("10.0.0.0", 8, "ipv4");
inner.addSubnet("172.16.0.0", 12, "ipv4");
inner.addSubnet("192.168.0.0", 16, "ipv4");
inner.addSubnet("100.64.0.0", 10, "ipv4");
inner.addSubnet("198.18.0.0", 15, "ipv4");
inner.addSubnet("fc00::", 7, "ipv6");

export type AddressVerdict = "open" | "private" | "refused";

/** What kind of address it is. An IPv4 address written as IPv6 counts as what it is. */
export function addressVerdict(address: string): AddressVerdict {
  const plain = embeddedIpv4(address) ?? address;
  const family = isIP(plain) === 6 ? "ipv6" : "ipv4";
  if (isIP(plain) === 0 || never.check(plain, family)) return "refused";
  return inner.check(plain, family) ? "private" : "open";
}

/**
 * The address to connect to for a host. Whoever connects must use this very one: the name may lead elsewhere a moment later.
 * @param privateHosts hosts that may have private addresses
 * @throws RequestError 422 when the name is unknown or leads where it must not
 */
export async function allowedAddress(host: string, privateHosts: string[]): Promise<string> {
  const name = host.replace(/^\[|\]$/g, "");
  let addresses: { address: string }[];
  try {
    addresses = await lookup(name, { all: true });
  } catch (error) {
    throw new RequestError(422, "SOURCE_UNREACHABLE", `The host ${name} has no address; check its spelling.`, {
      cause: error,
    });
  }
  // One bad address among several is enough to refuse: which one would be taken is the resolver's choice.
  const verdicts = addresses.map(({ address }) => addressVerdict(address));
  const [first] = addresses;
  if (first === undefined || verdicts.includes("refused")) {
    throw new RequestError(422, "SOURCE_REFUSED", `The host ${name} leads to an address that is never connected to.`);
  }
  if (verdicts.includes("private") && !privateHosts.includes(name)) {
    const next = "ask the operator to allow it";
    throw new RequestError(422, "SOURCE_REFUSED", `The host ${name} has a private address; ${next}.`);
  }
  return first.address;
}

function embeddedIpv4(address: string): string | undefined {
  return /^(?:::ffff:|64:ff9b::)(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
}
