/** ONVERA_PUBLIC_URL: where browsers reach the control plane when that is not this machine's own address. */
import { SetupError } from "../domain/setup-error.ts";

/**
 * @param given the variable's value
 * @returns undefined when it is not set
 * @throws SetupError `setting-invalid` for what is no origin: sign-ins into apps would fail one by one
 */
export function publicUrlSetting(given: string | undefined): string | undefined {
  if (given === undefined || given === "") return undefined;
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (url && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href) return url.origin;
  throw new SetupError("setting-invalid", {
    what: "ONVERA_PUBLIC_URL cannot be used",
    why: "it is not an address of the form https://host or https://host:port, without a path.",
    nextStep: "Correct it, or leave it unset where browsers run on this machine.",
  });
}
