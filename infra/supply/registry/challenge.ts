/** How a registry wants to be told who asks. */
export type Challenge =
  | { readonly kind: "basic" }
  | {
      readonly kind: "bearer";
      /** Where a token is fetched. */
      readonly realm: string;
      readonly service?: string;
      readonly scope?: string;
    };

/** Reads a `WWW-Authenticate` header; undefined for a missing one and for schemes that registries do not use. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const [, scheme = "", rest = ""] = /^\s*([A-Za-z]+)\s*(.*)$/s.exec(header ?? "") ?? [];
  switch (scheme.toLowerCase()) {
    case "basic":
      return { kind: "basic" };
    case "bearer": {
      const { realm, service, scope } = parameters(rest);
      if (realm === undefined) return undefined;
      return {
        kind: "bearer",
        realm,
        ...(service === undefined ? {} : { service }),
        ...(scope === undefined ? {} : { scope }),
      };
    }
    default:
      return undefined;
  }
}

function parameters(text: string): Readonly<Record<string, string | undefined>> {
  const found = text.matchAll(/([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi);
  return Object.fromEntries(
    [...found].map(([, name = "", quoted, plain]) => [name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? plain]),
  );
}
