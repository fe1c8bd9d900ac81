/** Which addresses a customer's own words may make this machine connect to. */
import { BlockList, isIP } from "node:net";

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
inner.addSubnet("192.0.0.0", 24, "ipv4");
inner.addSubnet("100.64.0.0", 10, "ipv4");
inner.addSubnet("198.18.0.0", 15, "ipv4");
inner.addSubnet("fc00::", 7, "ipv6");
inner.addSubnet("fec0::", 10, "ipv6");

export type AddressVerdict = "open" | "private" | "refused";

/** What kind of address it is. An IPv4 address carried in an IPv6 one counts as what it is, however it is written. */
export function addressVerdict(address: string): AddressVerdict {
  const [bare = ""] = address.split("%");
  const family = isIP(bare);
  if (family === 0) return "refused";
  const verdicts = [bare, ...(family === 6 ? carriedIpv4(bare) : [])].map(plainVerdict);
  if (verdicts.includes("refused")) return "refused";
  return verdicts.includes("private") ? "private" : "open";
}

function plainVerdict(address: string): AddressVerdict {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (never.check(address, family)) return "refused";
  return inner.check(address, family) ? "private" : "open";
}

/** The IPv4 address within a mapped, compatible, translated (NAT64) or tunnelled (6to4) IPv6 address. */
function carriedIpv4(address: string): string[] {
  const groups = groupsOf(address);
  const at = (first: number) => {
    const [high = 0, low = 0] = [groups[first], groups[first + 1]];
    return [`${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`];
  };
  const zeros = (count: number) => groups.slice(0, count).every((group) => group === 0);
  if (groups[0] === 0x2002) return at(1);
  const isTranslated = groups[0] === 0x64 && groups[1] === 0xff9b;
  const isMapped = zeros(5) && groups[5] === 0xffff;
  const isCompatible = zeros(6) && (groups[6] !== 0 || (groups[7] ?? 0) > 1);
  const isOldTranslated = zeros(4) && groups[4] === 0xffff && groups[5] === 0;
  return isTranslated || isMapped || isCompatible || isOldTranslated ? at(6) : [];
}

/** The eight groups of an IPv6 address, which Node has found to be one. */
function groupsOf(address: string): number[] {
  const ipv4 = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const text = ipv4
    ? `${ipv4[1]}${((Number(ipv4[2]) << 8) | Number(ipv4[3])).toString(16)}:${((Number(ipv4[4]) << 8) | Number(ipv4[5])).toString(16)}`
    : address;
  const [head = "", tail] = text.split("::");
  const parse = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const [before, after] = [parse(head), parse(tail ?? "")];
  return tail === undefined ? before : [...before, ...new Array(8 - before.length - after.length).fill(0), ...after];
}
