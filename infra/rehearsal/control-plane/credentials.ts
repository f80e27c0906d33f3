import { generateKeyPairSync, randomBytes } from "node:crypto";
import { stringify } from "yaml";

/** Who speaks to the API server, by the names that its built-in RBAC bindings expect. */
export const identities = {
  admin: { user: "rehearsal-admin", groups: ["system:masters"] },
  "controller-manager": { user: "system:kube-controller-manager", groups: [] },
  scheduler: { user: "system:kube-scheduler", groups: [] },
  kwok: { user: "rehearsal-nodes", groups: ["system:masters"] },
} as const;

export type Identity = keyof typeof identities;

export type Tokens = Readonly<Record<Identity, string>>;

export function newTokens(): Tokens {
  const token = () => randomBytes(24).toString("hex");
  return { admin: token(), "controller-manager": token(), scheduler: token(), kwok: token() };
}

/** The API server's token file: token, user, UID, groups. */
export function tokenFile(tokens: Tokens): string {
  const lines = Object.entries(identities).map(([identity, { user, groups }]) => {
    // The entries' keys are the identities.
    const token = tokens[identity as Identity];
    return `${token},${user},${identity},"${groups.join(",")}"\n`;
  });
  return lines.join("");
}

/** A private key in PEM that signs the tokens of service accounts. */
export function newServiceAccountKey(): string {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  return privateKey.export({ type: "sec1", format: "pem" }).toString();
}

/** What a kubeconfig is made of. */
export interface KubeconfigParts {
  /** Names cluster, user and context. */
  readonly name: string;
  readonly server: string;
  /** PEM. */
  readonly certificateAuthority: string;
  readonly token: string;
}

export function kubeconfigText(parts: KubeconfigParts): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": parts.name,
    clusters: [
      {
        name: parts.name,
        cluster: {
          server: parts.server,
          "certificate-authority-data": Buffer.from(parts.certificateAuthority).toString("base64"),
        },
      },
    ],
    users: [{ name: parts.name, user: { token: parts.token } }],
    contexts: [{ name: parts.name, context: { cluster: parts.name, user: parts.name } }],
  });
}
