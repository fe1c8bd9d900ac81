/** A real OpenID provider as a process of its own, for sign-in by an organization's provider. Says its port once it listens. */
import http from "node:http";
import Provider from "oidc-provider";

const { issuer, client, accounts, jwks } = JSON.parse(process.env.PROVIDER_SETUP ?? "");

const provider = new Provider(issuer, {
  clients: [client],
  jwks,
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...accounts[id] }) }),
  cookies: { keys: ["only of a test"] },
});
const server = http.createServer(provider.callback());
server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`));
