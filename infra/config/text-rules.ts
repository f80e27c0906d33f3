/** The form that a text must have. */
export interface TextRule {
  readonly name: string;
  /** What such a text is called in docs/settings.md. */
  readonly title: string;
  /** The whole text must match. Also the `pattern` of the JSON Schema, so only what ECMA 262 and draft-07 share. */
  readonly pattern: RegExp;
  /** Characters. */
  readonly maxLength: number;
  /** What is wanted, as in "got …, wanted …". */
  readonly wanted: string;
  /** What was probably meant by a text that does not match. Only offered if it matches itself. */
  readonly mend?: (text: string) => string;
}

function asDnsLabel(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
}

function asDigest(text: string): string {
  return `sha256:${/[0-9a-f]{64}/i.exec(text)?.[0].toLowerCase() ?? ""}`;
}

/** The same rule for shorter texts. */
export function atMost(maxLength: number, rule: TextRule): TextRule {
  return { ...rule, maxLength };
}

/** Every form of text that a setting can ask for. Kubernetes forms are those of apimachinery `pkg/util/validation`. */
export const textRules = {
  dnsName: {
    name: "dns-name",
    title: "DNS name",
    pattern: /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    maxLength: 63,
    wanted: 'a name of small letters, digits and "-" that begins with a letter and ends with a letter or digit',
    mend: asDnsLabel,
  },
  dnsLabel: {
    name: "dns-label",
    title: "DNS label",
    pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    maxLength: 63,
    wanted: 'a DNS label: small letters, digits and "-", beginning and ending with a letter or digit',
    mend: asDnsLabel,
  },
  objectName: {
    name: "object-name",
    title: "object name",
    pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    maxLength: 253,
    wanted: 'the name of a Kubernetes object: small letters, digits, "-" and "."',
    mend: asDnsLabel,
  },
  apiGroup: {
    name: "api-group",
    title: "API group",
    pattern: /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/,
    maxLength: 253,
    wanted: "an API group without a version, such as karpenter.k8s.aws",
    mend: (text) => text.replace(/\/.*$/, ""),
  },
  objectKind: {
    name: "object-kind",
    title: "object kind",
    pattern: /^[A-Za-z]([-A-Za-z0-9]*[A-Za-z0-9])?$/,
    maxLength: 63,
    wanted: "the kind of a Kubernetes object, such as EC2NodeClass",
  },
  secretKey: {
    name: "secret-key",
    title: "Secret key",
    pattern: /^[-._a-zA-Z0-9]+$/,
    maxLength: 253,
    wanted: 'a key of a Secret: letters, digits, "-", "_" and "."',
  },
  qualifiedName: {
    name: "qualified-name",
    title: "label key",
    pattern:
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/,
    maxLength: 317,
    wanted: 'a key such as "example.com/team": an optional DNS prefix, then up to 63 letters, digits, "-", "_" and "."',
  },
  labelValue: {
    name: "label-value",
    title: "label value",
    pattern: /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/,
    maxLength: 63,
    wanted: 'a label value: letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
  },
  variableName: {
    name: "variable-name",
    title: "variable name",
    pattern: /^[A-Za-z_][A-Za-z0-9_]*$/,
    maxLength: 256,
    wanted: 'the name of an environment variable: letters, digits and "_", not beginning with a digit',
  },
  repository: {
    name: "repository",
    title: "image repository",
    pattern:
      /^([A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/,
    maxLength: 255,
    wanted: "an image repository without scheme, tag and digest, such as kwaikeye/kwai-keye-vl",
  },
  imageTag: {
    name: "image-tag",
    title: "image tag",
    // The tag becomes a label of the pods, which is narrower than what registries take.
    pattern: /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/,
    maxLength: 63,
    wanted: 'an image tag: letters, digits, "-", "_" and ".", beginning and ending with a letter or digit',
  },
  imageReference: {
    name: "image-reference",
    title: "image reference",
    pattern:
      /^([A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*(:[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}(@sha256:[0-9a-f]{64})?|@sha256:[0-9a-f]{64})$/,
    maxLength: 512,
    wanted: "a repository with a tag, a digest or both, such as nvidia/cuda:12.9.1-cudnn-devel-ubuntu24.04",
  },
  gitUrl: {
    name: "git-url",
    title: "Git URL",
    pattern: /^((https?|git):\/\/[^\s@#?]+|ssh:\/\/([^\s:@#?/]+@)?[^\s@#?]+)$/,
    maxLength: 512,
    wanted: "the https, http, ssh or git URL of a Git repository, without a password",
  },
  gitBranch: {
    name: "git-branch",
    title: "Git branch",
    pattern: /^(?!.*(\.\.|\/\/|\.lock$|\.$|\/$))[A-Za-z0-9_][A-Za-z0-9._/+-]*$/,
    maxLength: 200,
    wanted: "the name of a branch, or HEAD for the repository's own default",
  },
  digest: {
    name: "digest",
    title: "digest",
    pattern: /^sha256:[0-9a-f]{64}$/,
    maxLength: 71,
    wanted: "sha256: and 64 hex digits in small letters",
    mend: asDigest,
  },
  pinnedImage: {
    name: "pinned-image",
    title: "image with digest",
    pattern:
      /^([A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]+)?\/)?[a-z0-9]+([._-]+[a-z0-9]+)*(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*@sha256:[0-9a-f]{64}$/,
    maxLength: 327,
    wanted: "an image repository, then @sha256: and 64 hex digits, without a tag",
  },
  hubRepo: {
    name: "hub-repo",
    title: "hub repository",
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*$/,
    maxLength: 128,
    wanted: "owner and name of a hub repository, such as Kwai-Keye/Keye-VL-2.0-30B-A3B",
  },
  webUrl: {
    name: "web-url",
    title: "web address",
    pattern: /^https?:\/\/[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]+)?(\/[A-Za-z0-9._~%+=@,:-]+)*$/,
    maxLength: 512,
    wanted: 'an http or https address without user, password, query, or a "/" at the end',
  },
  storeUrl: {
    name: "store-url",
    title: "address of an object store",
    pattern: /^https?:\/\/(\{bucket\}\.)?[A-Za-z0-9]([-.A-Za-z0-9]*[A-Za-z0-9])?(:[0-9]+)?(\/[A-Za-z0-9._~%+=@,:-]+)*$/,
    maxLength: 512,
    wanted:
      'an http or https address without user, password, query, or a "/" at the end; "{bucket}." may stand before its host',
  },
  bucketUrl: {
    name: "bucket-url",
    title: "bucket address",
    pattern: /^s3:\/\/[a-z0-9][a-z0-9.-]*[a-z0-9](\/[A-Za-z0-9._~+=@,-]+)*$/,
    maxLength: 512,
    wanted: 'an address such as s3://bucket/folder, without a "/" at the end',
  },
  modelPath: {
    name: "model-path",
    title: "model path",
    pattern: /^(\/[^\s]+|[A-Za-z0-9][A-Za-z0-9._-]*\/[A-Za-z0-9][A-Za-z0-9._-]*)$/,
    maxLength: 512,
    wanted: "a hub id such as Kwai-Keye/Keye-VL-2.0-30B-A3B, or the absolute path of a folder in the container",
  },
  servedName: {
    name: "served-name",
    title: "model name",
    pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]*$/,
    maxLength: 128,
    wanted: 'a name of letters, digits, ".", "_", "/" and "-"',
  },
  commit: {
    name: "commit",
    title: "commit",
    pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]*$/,
    maxLength: 128,
    wanted: "a commit, tag or branch of the hub repository",
  },
  word: {
    name: "word",
    title: "word",
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*$/,
    maxLength: 128,
    wanted: 'one word of letters, digits, ".", "_" and "-"',
  },
  absolutePath: {
    name: "absolute-path",
    title: "absolute path",
    pattern: /^(\/(?!\.{1,2}(\/|$))[A-Za-z0-9._@+-]+)+$/,
    maxLength: 512,
    wanted: 'an absolute path below "/", without spaces, "..", or a "/" at the end',
  },
  argument: {
    name: "argument",
    title: "argument",
    pattern: /^--[a-z0-9][a-z0-9-]*(=[^\r\n]*)?$/,
    maxLength: 4096,
    wanted: "one argument: --flag or --flag=value",
  },
  contract: {
    name: "contract",
    title: "contract name or file",
    pattern: /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/,
    maxLength: 256,
    wanted: "the name of a contract, or the path of a .json file from the folder of the stack file",
  },
  line: {
    name: "line",
    title: "line",
    pattern: /^[^\r\n]+$/,
    maxLength: 256,
    wanted: "one line of text",
  },
  anyText: {
    name: "any-text",
    title: "text",
    pattern: /^[^\0]*$/,
    maxLength: 32_768,
    wanted: "text without NUL characters",
  },
} satisfies Readonly<Record<string, TextRule>>;
