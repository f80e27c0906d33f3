import { createHash } from "node:crypto";

/** An image reference in its parts. */
export interface ImageRef {
  /** With its registry, such as `docker.io/kwaikeye/kwai-keye-vl`. */
  readonly repository: string;
  /** `repository:tag` or `repository@digest`, as a runtime resolves it. */
  readonly resolved: string;
  /** `sha256:…`; made up from the reference where it names none: the rehearsal has no registry to ask. */
  readonly digest: string;
}

const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const form = new RegExp(
  `^((?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?${component}(?:/${component})*)(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);

/** Takes an image reference apart as containerd does; undefined where it is malformed. */
export function parseImage(image: string): ImageRef | undefined {
  const match = form.exec(image);
  const name = match?.[1];
  if (match === null || name === undefined) return undefined;
  const repository = withRegistry(name);
  const tag = match[2] ?? (match[3] === undefined ? "latest" : undefined);
  const digest = match[3] ?? `sha256:${createHash("sha256").update(`${repository}:${tag}`).digest("hex")}`;
  const resolved = `${repository}${tag === undefined ? "" : `:${tag}`}${match[3] === undefined ? "" : `@${digest}`}`;
  return { repository, resolved, digest };
}

/** `status.containerStatuses[].imageID`. */
export function imageId(image: ImageRef): string {
  return `${image.repository}@${image.digest}`;
}

function withRegistry(name: string): string {
  const [first = "", ...rest] = name.split("/");
  if (rest.length === 0) return `docker.io/library/${name}`;
  const isHost = first.includes(".") || first.includes(":") || first === "localhost";
  return isHost ? name : `docker.io/${name}`;
}

/** What containerd says when a pull fails, as the kubelet hands it on. */
export function pullError(kind: "image-not-found" | "image-unauthorized", image: ImageRef): string {
  const { resolved } = image;
  const unpack = `failed to pull and unpack image "${resolved}": failed to resolve reference "${resolved}"`;
  if (kind === "image-not-found") return `rpc error: code = NotFound desc = ${unpack}: ${resolved}: not found`;
  return `rpc error: code = Unknown desc = ${unpack}: pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`;
}
