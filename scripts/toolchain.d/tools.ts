/**
 * Node that is brought where the machine's own is older than {@link oldestNode}. `scripts/toolchain` reads this line
 * and the next one as text, before any Node runs.
 */
export const nodeVersion = "24.21.0";

/** The oldest Node that runs this project: `@pulumi/pulumi` and `@kubernetes/client-node` ask for it. */
export const oldestNode = "22.19.0";

/** The oldest Go that builds what everybody needs, as the go.mod files of the modules below say. */
export const oldestGo = "1.26.0";

/** CPU architecture, in Go's words. */
export type Arch = "amd64" | "arm64";

/** How a downloaded file is proven. `published`: a checksum file of the same publisher, fetched with it over TLS. */
export type Checksum =
  | { readonly kind: "pinned"; readonly sha256: string }
  | { readonly kind: "published"; readonly url: string };

/** An official release file. */
export interface Download {
  readonly url: string;
  readonly checksum: Checksum;
  /** Binary name to its path in the .tar.gz; absent where the file is the binary itself. */
  readonly members?: Readonly<Record<string, string>>;
}

/** A binary built from a pinned Go module. */
export interface GoBuild {
  /** Folder under `scripts/toolchain.d/modules` whose go.mod and go.sum pin it. */
  readonly module: string;
  /** What its go.mod asks for. @default {@link oldestGo} */
  readonly oldestGo?: string;
  /** The main package. */
  readonly package: string;
  /** Linker flags that stamp the version, after `-s -w`. */
  readonly stamp: string;
}

/** One thing that the toolchain brings. */
export interface Tool {
  /** Name of its binary. */
  readonly name: string;
  readonly version: string;
  /** What may stand in for it on PATH: a later `patch` of the same minor version, or a later `minor` of the same major. */
  readonly accepts: "patch" | "minor";
  /** Arguments that make the binary print its version. */
  readonly versionArgs: readonly string[];
  /** Absent where the publisher gives no checksum that could prove the file. */
  readonly download?: (arch: Arch) => Download;
  readonly go: GoBuild;
  /** A second binary that belongs to the first: taken from the folder or archive in which the first one is found. */
  readonly companion?: { readonly name: string; readonly goVersion: string; readonly go: GoBuild };
}

const versions = { etcd: "3.7.3", kubernetes: "1.36.3", kwok: "0.8.0", helm: "4.3.1", pulumi: "3.259.0" } as const;

/** What everybody needs, in the order in which it is brought. Node is not here: it must run before this table can be read. */
export const tools: readonly Tool[] = [
  {
    name: "etcd",
    version: versions.etcd,
    accepts: "patch",
    versionArgs: ["--version"],
    download: (arch) => {
      const base = `https://github.com/etcd-io/etcd/releases/download/v${versions.etcd}`;
      const folder = `etcd-v${versions.etcd}-linux-${arch}`;
      return {
        url: `${base}/${folder}.tar.gz`,
        checksum: { kind: "published", url: `${base}/SHA256SUMS` },
        members: { etcd: `${folder}/etcd` },
      };
    },
    go: { module: "etcd", package: "go.etcd.io/etcd/server/v3", stamp: "" },
  },
  kubernetes("kube-apiserver"),
  kubernetes("kube-controller-manager"),
  kubernetes("kube-scheduler"),
  {
    name: "kwok",
    version: versions.kwok,
    accepts: "patch",
    versionArgs: ["--version"],
    // kwok publishes no checksum files. Both sums are those that the Arch Linux user repository records for v0.8.0
    // (package kwok-bin); a second, independent project records the same one for amd64.
    download: (arch) => ({
      url: `https://github.com/kubernetes-sigs/kwok/releases/download/v${versions.kwok}/kwok-linux-${arch}`,
      checksum: {
        kind: "pinned",
        sha256: {
          amd64: "f5a4385a2ae1b9dd7f8acae18e002a75c0ebba124ae9d7259aa8dadb50711f46",
          arm64: "628f7d277860f524a2a775c217adcc58828e7b59ab0933680315784f1b8b0e37",
        }[arch],
      },
    }),
    go: {
      module: "kwok",
      package: "sigs.k8s.io/kwok/cmd/kwok",
      stamp: `-X sigs.k8s.io/kwok/pkg/consts.Version=v${versions.kwok}`,
    },
  },
  {
    name: "helm",
    version: versions.helm,
    accepts: "minor",
    versionArgs: ["version", "--short"],
    download: (arch) => {
      const url = `https://get.helm.sh/helm-v${versions.helm}-linux-${arch}.tar.gz`;
      return {
        url,
        checksum: { kind: "published", url: `${url}.sha256sum` },
        members: { helm: `linux-${arch}/helm` },
      };
    },
    go: {
      module: "helm",
      package: "helm.sh/helm/v4/cmd/helm",
      stamp: `-X helm.sh/helm/v4/internal/version.version=v${versions.helm}`,
    },
  },
  {
    name: "pulumi",
    version: versions.pulumi,
    accepts: "minor",
    versionArgs: ["version"],
    download: (arch) => {
      const base = `https://github.com/pulumi/pulumi/releases/download/v${versions.pulumi}`;
      return {
        url: `${base}/pulumi-v${versions.pulumi}-linux-${arch === "amd64" ? "x64" : "arm64"}.tar.gz`,
        checksum: { kind: "published", url: `${base}/pulumi-${versions.pulumi}-checksums.txt` },
        members: { pulumi: "pulumi/pulumi", "pulumi-language-nodejs": "pulumi/pulumi-language-nodejs" },
      };
    },
    go: {
      module: "pulumi",
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      stamp: `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=${versions.pulumi}`,
    },
    // Releases carry the host in their archive; as a Go module it stopped at this version, which serves the current SDK
    // but passes no hooks or transforms. It prints no version of its own.
    companion: {
      name: "pulumi-language-nodejs",
      goVersion: "3.68.0",
      go: {
        module: "pulumi-language-nodejs",
        package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        stamp: "",
      },
    },
  },
];

/** A program of the Kubernetes release. `module` is the folder of its go.mod. */
export function kubernetes(name: string, module = "kubernetes"): Tool {
  const [major, minor] = versions.kubernetes.split(".");
  const stamped = "k8s.io/component-base/version";
  return {
    name,
    version: versions.kubernetes,
    accepts: "patch",
    versionArgs: ["--version"],
    download: (arch) => {
      const url = `https://dl.k8s.io/release/v${versions.kubernetes}/bin/linux/${arch}/${name}`;
      return { url, checksum: { kind: "published", url: `${url}.sha256` } };
    },
    go: {
      module,
      package: `k8s.io/kubernetes/cmd/${name}`,
      stamp: `-X ${stamped}.gitVersion=v${versions.kubernetes} -X ${stamped}.gitMajor=${major} -X ${stamped}.gitMinor=${minor}`,
    },
  };
}

/** Names of the binaries of a tool: its own, then its companion's. */
export function binariesOf(tool: Tool): readonly string[] {
  return tool.companion === undefined ? [tool.name] : [tool.name, tool.companion.name];
}
