/** Which addresses a tenant's own words may make this machine connect to. */
import { lookup } from "node:dns/promises";
import { addressVerdict } from "../../domain/address-verdict.ts";
import { RequestError } from "./request-error.ts";

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
