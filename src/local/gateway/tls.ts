/** Certificates of the gateway: the operator's for the domain where given, otherwise one per host from the local authority. */
import { readFileSync } from "node:fs";
import { createSecureContext, type SecureContext, type TlsOptions } from "node:tls";
import { LocalAuthority } from "../certificates/local-authority.ts";
import type { GatewaySettings } from "../supervisor/options.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";

/** Options for the https server. @throws Error when the operator's certificate cannot be read */
export function gatewayTls(settings: GatewaySettings, supervisor: Supervisor): TlsOptions {
  const authority = LocalAuthority.open(supervisor.paths.certificates, settings.domain);
  const given = givenContext(settings);
  const contextFor = (host: string): SecureContext => {
    if (given !== undefined && host.endsWith(`.${settings.domain}`)) return given;
    // Only hosts that lead somewhere get a certificate: names are free, signatures are not.
    return authority.contextFor(supervisor.routes.find(host) === undefined ? "localhost" : host);
  };
  return {
    SNICallback: (host, done) => {
      try {
        done(null, contextFor(host.toLowerCase()));
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
    // Browsers would speak HTTP/2 over TLS; WebSockets through it are another protocol.
    ALPNProtocols: ["http/1.1"],
    minVersion: "TLSv1.2",
    ...authority.optionsFor("localhost"),
  };
}

function givenContext({ certificate }: GatewaySettings): SecureContext | undefined {
  if (certificate === undefined) return undefined;
  try {
    return createSecureContext({
      cert: readFileSync(certificate.certificateFile),
      key: readFileSync(certificate.keyFile),
      minVersion: "TLSv1.2",
    });
  } catch (error) {
    throw new Error(`The certificate in ${certificate.certificateFile} cannot be used; check it and its key.`, {
      cause: error,
    });
  }
}
