import { DeployError } from "../../core/errors.ts";

/** Where weights come from. `repo` is `owner/name`; a `prefix` has no slash at either end and may be empty. */
export type Source =
  | { readonly kind: "huggingface" | "modelscope"; readonly repo: string }
  | { readonly kind: "s3"; readonly bucket: string; readonly prefix: string }
  | { readonly kind: "http"; readonly url: string };

const repository = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;

/**
 * Reads `huggingface:OWNER/NAME`, `modelscope:OWNER/NAME`, `s3://BUCKET/PREFIX` or `http(s)://HOST/FOLDER`.
 * Throws `CONFIG_USAGE` for anything else, and for a URL that carries a password: it would stand in logs and in the manifest.
 */
export function parseSource(text: string): Source {
  const [, hub, repo = ""] = /^(huggingface|modelscope):(.*)$/.exec(text) ?? [];
  if (hub === "huggingface" || hub === "modelscope") {
    if (!repository.test(repo)) throw refused(text, `"${repo}" is no repository: wanted OWNER/NAME.`);
    return { kind: hub, repo };
  }
  if (!URL.canParse(text)) throw refused(text, "It is no source.");
  const url = new URL(text);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw refused(`${url.protocol}//${url.host}${url.pathname}`, "A source has no user, password, query or fragment.");
  }
  switch (url.protocol) {
    case "s3:":
      if (url.host === "") throw refused(text, "It names no bucket.");
      return { kind: "s3", bucket: url.host, prefix: decodeURIComponent(url.pathname).replace(/^\/+|\/+$/g, "") };
    case "http:":
    case "https:":
      return { kind: "http", url: text.replace(/\/+$/, "") };
    default:
      throw refused(text, "It is no source.");
  }
}

/** The text that {@link parseSource} reads back. It stands in manifests and in the lock. */
export function sourceText(source: Source): string {
  switch (source.kind) {
    case "huggingface":
    case "modelscope":
      return `${source.kind}:${source.repo}`;
    case "s3":
      return `s3://${source.bucket}${source.prefix === "" ? "" : `/${source.prefix}`}`;
    case "http":
      return source.url;
    default:
      return source satisfies never;
  }
}

function refused(text: string, message: string): DeployError {
  return new DeployError({
    code: "CONFIG_USAGE",
    where: `source "${text}"`,
    message,
    hint: "Write huggingface:OWNER/NAME, modelscope:OWNER/NAME, s3://BUCKET/PREFIX or https://HOST/FOLDER.",
  });
}
