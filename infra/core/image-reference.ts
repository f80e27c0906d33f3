/** The parts of an image's name: `repository[:tag][@digest]`. */
export interface ImageReference {
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Takes an image's name apart. A colon before a slash belongs to the registry's port. Never throws. */
export function parseImageReference(text: string): ImageReference {
  const [name = "", digest] = text.split("@");
  const colon = name.lastIndexOf(":");
  const hasTag = colon > name.lastIndexOf("/");
  return {
    repository: hasTag ? name.slice(0, colon) : name,
    ...(hasTag ? { tag: name.slice(colon + 1) } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Where a repository is found. */
export interface RegistryPlace {
  /** Host with its port, as the API is called. */
  readonly host: string;
  /** Repository within the registry. */
  readonly name: string;
  /** What credentials are kept under in Docker's configuration. */
  readonly account: string;
}

/** The registry of a repository. A name without a registry is Docker Hub's, where official images are in `library/`. */
export function registryOf(repository: string): RegistryPlace {
  const slash = repository.indexOf("/");
  const first = repository.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === "localhost";
  const host = isHost ? first : "docker.io";
  const name = isHost ? repository.slice(slash + 1) : repository;
  if (!["docker.io", "index.docker.io", "registry-1.docker.io"].includes(host)) return { host, name, account: host };
  return {
    host: "registry-1.docker.io",
    name: name.includes("/") ? name : `library/${name}`,
    account: "https://index.docker.io/v1/",
  };
}
