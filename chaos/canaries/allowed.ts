/** Where a secret may stand, each with its reason. Every other place is a finding. */
import type { CanaryHit } from "../../test/support/canary.ts";

export interface Allowance {
  secret: RegExp;
  where: RegExp;
  reason: string;
}

export const allowances: readonly Allowance[] = [
  {
    secret: /^installation: /,
    where: /^file: home\/secrets\//,
    reason: "The installation's own secrets, one 0600 file each in a 0700 folder: where they are kept.",
  },
  {
    secret: /^installation: cli-api-key$/,
    where: /^file: user\/\.config\/onvera\/config\.json$/,
    reason: "The command line keeps the key it signs in with in the person's own 0600 file.",
  },
  {
    secret: /^node: file key/,
    where: /^file: home\/supervisor\/keys\//,
    reason: "The node's key lies alone in its folder; a reboot must be survived without the control plane.",
  },
  {
    secret: /^(app|custody) /,
    where: /^file: home\/deployments\/[^/]+\/(secrets|config)\//,
    reason: "An app reads its own passwords and keys from files that only its user id may read.",
  },
  {
    secret: /^customer: /,
    where: /^file: home\/deployments\/[^/]+\/config\//,
    reason: "An app's configuration holds what the customer set; readable by its user id alone.",
  },
  {
    secret: /^customer: .* environment /,
    where: /^environment: .* of (dep|tpl)_/,
    reason: "A customer's environment variables stand in the environment of that customer's own processes.",
  },
  {
    secret: /^customer: (fine|failing|crashing) (later )?(environment|variable|setting)/,
    where: /^API: owner (getDeployment|listDeployments)$/,
    reason: "Members who may change a deployment read its settings; others get masks.",
  },
  {
    secret: /^app .*: admin_password|^custody .*: admin_password/,
    where: /^API: owner getDeploymentCredentials$/,
    reason: "The route gives the app's first password to those who have the permission for it.",
  },
  {
    secret: /^engine: transit token/,
    where: /^environment: (pulumi|pulumi-\S+|sh) /,
    reason:
      "The CLI takes it in no other way. It opens one stack's key, for one operation, to its own user id on loopback.",
  },
  {
    secret: /^installation: state_login$/,
    where: /^passing: home\/operations\/.*pgpass$/,
    reason: "The CLI reads the state login's password from a 0600 file that ends with the operation.",
  },
];

/** The entry that allows a hit; undefined for a finding. */
export const allowanceFor = ({ canary, where }: CanaryHit): Allowance | undefined =>
  allowances.find((entry) => entry.secret.test(canary) && entry.where.test(where));
