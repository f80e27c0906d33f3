import type { ImageConfig, StackConfig } from "../../config/stack-config.ts";
import { parseImageReference, registryOf } from "../../core/image-reference.ts";
import type { Finding, Patient } from "./finding.ts";

/** What must be reachable, and from where, for the settings as they are; nothing of it is tried. */
export function checkEgress({ config }: Patient): readonly Finding[] {
  const cure = "Open the way (firewall, proxy, NetworkPolicy), or name a mirror in the settings.";
  return needs(config).map(({ from, to, why }) => ({
    id: "egress",
    severity: "note",
    where: from,
    what: `Must reach ${to} and the hosts that it sends to: ${why}. It was not tried.`,
    cure,
  }));
}

interface Way {
  readonly from: string;
  /** A host, or a few. */
  readonly to: string;
  readonly why: string;
}

function needs(config: StackConfig): readonly Way[] {
  const { image, toolsImage, namespace } = config;
  const pods = `pods of namespace ${namespace}`;
  const source = weightsHost(config);
  return [
    ...(image.pullPolicy === "Never"
      ? []
      : [{ from: "nodes of the pools", to: registryHost(pulledFrom(image)), why: "the engine's image" }]),
    ...(toolsImage === undefined
      ? []
      : [
          {
            from: "nodes of the pools",
            to: registryHost(parseImageReference(toolsImage).repository),
            why: "toolsImage, which the Jobs that fetch weights run",
          },
        ]),
    ...(source === undefined ? [] : [{ from: pods, ...source }]),
    ...(image.kind === "source" ? builds(pods, image) : []),
  ];
}

function pulledFrom(image: ImageConfig): string {
  return image.kind === "prebuilt" ? (image.mirror ?? image.repository) : image.repository;
}

function registryHost(repository: string): string {
  return registryOf(repository).host;
}

function weightsHost({ model, engine }: StackConfig): { readonly to: string; readonly why: string } | undefined {
  const { weights } = model;
  if (weights === undefined) {
    // By the hub's library, to the cache.
    if (model.path.startsWith("/")) return undefined;
    const often = engine.cacheVolume === undefined ? " at every start" : "";
    return { to: "huggingface.co", why: `the engine downloads the weights${often}` };
  }
  const why = "the Jobs fetch the weights";
  switch (weights.kind) {
    case "huggingface":
      return { to: hostOf(weights.endpoint ?? "https://huggingface.co"), why };
    case "modelscope":
      return { to: hostOf(weights.endpoint ?? "https://modelscope.cn"), why };
    case "s3":
      return { to: weights.endpoint === undefined ? "the bucket's S3 endpoint" : hostOf(weights.endpoint), why };
    case "http":
      return { to: hostOf(weights.url), why };
    default:
      return weights satisfies never;
  }
}

function builds(from: string, image: Extract<ImageConfig, { readonly kind: "source" }>): readonly Way[] {
  const { sources, base, build, repository } = image;
  const git = [sources.sglang, sources.deepGemm, sources.effectiveKernels].map(({ url }) => hostOf(url));
  const images = [base, build.builderImage].map((reference) => registryHost(parseImageReference(reference).repository));
  const hosts = [...new Set([...git, ...images, registryHost(repository)])];
  const why = "the build clones, begins with a base image, and pushes; and package sources (docs/source-build.md)";
  return [{ from, to: hosts.join(", "), why }];
}

/** Settings hold URLs that the parser has checked; one that is none is shown as it is, without what may be a password. */
function hostOf(url: string): string {
  const [, host] = /^[a-z+]+:\/\/(?:[^@/]*@)?([^/]+)/.exec(url) ?? [];
  if (host !== undefined) return host;
  return /^(?:[^@]*@)?([^:/]+):/.exec(url)?.[1] ?? "the repository's host";
}
