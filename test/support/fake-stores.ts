import { fakeCommit, type HubRoutes, sendJson, sha256Of } from "./fake-hub.ts";

/** ModelScope's interface; its git references name `master` and `main`. */
export const modelScopeRoutes: HubRoutes = ({ url, hub, response, give }) => {
  if (url.pathname.endsWith("/info/refs")) {
    const lines = [
      `${fakeCommit} HEAD\0multi_ack symref=HEAD:refs/heads/master\n`,
      `${fakeCommit} refs/heads/master\n`,
    ];
    response.end(`${packet("# service=git-upload-pack\n")}0000${lines.map(packet).join("")}0000`);
    return true;
  }
  if (url.pathname.endsWith("/repo/files")) {
    const listed = [...hub.files].map(([path, content]) => ({
      Path: path,
      Type: "blob",
      Size: content.length,
      Sha256: sha256Of(content),
    }));
    sendJson(response, {
      Code: 200,
      Success: true,
      Data: { Files: [{ Path: "sub", Type: "tree", Size: 0 }, ...listed] },
    });
    return true;
  }
  const path = url.searchParams.get("FilePath");
  if (path === null || !url.pathname.endsWith("/repo")) return false;
  give(path);
  return true;
};

function packet(text: string): string {
  return (text.length + 4).toString(16).padStart(4, "0") + text;
}

/** An S3 store with one bucket, `bucket`, and everything below `weights/v1/`; two keys a page. */
export const s3Routes: HubRoutes = ({ url, hub, response, give }) => {
  const prefix = "weights/v1/";
  if (url.searchParams.has("list-type")) {
    const from = Number(url.searchParams.get("continuation-token") ?? 0);
    const all = [["", Buffer.from("")] as const, ...hub.files];
    const contents = all.slice(from, from + 2).map(([path, content]) => {
      const key = encodeURIComponent(prefix + path).replaceAll("%20", "+");
      return `<Contents><Key>${key}</Key><Size>${content.length}</Size><ETag>&quot;${sha256Of(content).slice(0, 16)}&quot;</ETag></Contents>`;
    });
    const more = from + 2 < all.length;
    const next = more ? `<NextContinuationToken>${from + 2}</NextContinuationToken>` : "";
    response.end(
      `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${more}</IsTruncated>${contents.join("")}${next}</ListBucketResult>`,
    );
    return true;
  }
  const path = decodeURIComponent(url.pathname).slice(`/bucket/${prefix}`.length);
  if (!hub.files.has(path)) return false;
  give(path);
  return true;
};

/** A folder of a web server at `/folder`. */
export const folderRoutes: HubRoutes = ({ url, hub, response, give }) => {
  const path = decodeURIComponent(url.pathname).slice("/folder/".length);
  const content = hub.files.get(path);
  if (content === undefined) return false;
  if (path === "SHA256SUMS" || path === "manifest.json") response.end(content);
  else give(path);
  return true;
};
