/** Networks that are nobody's on the internet: closed to a deployment's pods, but for those a cluster's owner opens. */
import { BlockList, isIP } from "node:net";
import { z } from "zod";

/** Neighbours: other deployments, the nodes, the cluster's own services, the company's network. */
export const privateRanges = {
  ipv4: ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"],
  ipv6: ["fc00::/7"],
} as const;

/** A network that pods may reach beside the internet; without a port, at every one. */
export const PrivateNetwork = z.strictObject({
  cidr: z
    .string()
    .max(50)
    .refine(isPrivate, { message: "A network within 10/8, 172.16/12, 192.168/16, 100.64/10 or fc00::/7." }),
  port: z.int().min(1).max(65_535).optional(),
});
export type PrivateNetwork = z.infer<typeof PrivateNetwork>;

/** The clouds' metadata services that have a private address; nobody opens a network for them. */
const metadataAddresses = ["100.100.100.200", "fd00:ec2::254"];

/** Whether the whole of a network is private and holds no cloud's metadata service. */
function isPrivate(cidr: string): boolean {
  const [address = "", length = ""] = cidr.split("/");
  const version = isIP(address);
  if (version === 0 || !/^\d{1,3}$/.test(length) || Number(length) > (version === 4 ? 32 : 128)) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  const own = new BlockList();
  own.addSubnet(address, Number(length), family);
  if (metadataAddresses.some((each) => own.check(each, isIP(each) === 4 ? "ipv4" : "ipv6"))) return false;
  return privateRanges[family].some((range) => {
    const [network = "", prefix = ""] = range.split("/");
    const whole = new BlockList();
    whole.addSubnet(network, Number(prefix), family);
    return Number(length) >= Number(prefix) && whole.check(address, family);
  });
}
