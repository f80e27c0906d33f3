import type { DeployError } from "../../core/errors.ts";
import { type Asking, askSmall } from "./ask.ts";
import { openByHttp } from "./http-file.ts";
import type { Authorize } from "./http-get.ts";
import type { Hub, HubFile } from "./hub.ts";
import { fieldsOf, parseJson, sizeOf } from "./json.ts";
import { refusedBySource, strangeAnswer } from "./refusal.ts";
import { safePath } from "./safe-path.ts";

/** A model repository on a Hugging Face hub. */
export interface HuggingFaceArgs {
  readonly repo: string;
  /** The hub or a mirror of it, without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly asking: Asking;
}

/**
 * The Hugging Face hub.
 *
 * `GET /api/models/REPO/revision/REV` has the commit in `sha`; `GET /api/models/REPO/tree/REV?recursive=true` lists
 * `{type, path, size, oid, lfs?: {oid, size}}`, 1,000 a page, the next one in the `Link` header; `lfs.oid` is the sha256, `oid`
 * git's blob name; `GET /REPO/resolve/REV/PATH` gives the bytes, mostly behind a redirect to a CDN.
 * @see huggingface_hub 2.4.0, hf_api.py (RepoFile, _iter_repo_tree_pages), file_download.py (http_get)
 */
export function huggingFaceHub({ repo, endpoint, token, asking }: HuggingFaceArgs): Hub {
  const { where } = asking;
  const authorize: Authorize = () => Promise.resolve(token === undefined ? {} : { authorization: `Bearer ${token}` });
  const refused = (status: number, headers: Headers, at: string) =>
    hubRefusal({ repo, endpoint, hasToken: token !== undefined, where: at, status, headers });

  async function api(path: string, at: string, signal: AbortSignal) {
    const url = new URL(`${endpoint}/api/models/${repo}/${path}`);
    const answer = await askSmall({ url, authorize }, asking, signal);
    if (answer.status !== 200) throw refused(answer.status, answer.headers, at);
    return { json: parseJson(answer.text, at), next: nextPage(answer.headers.link) };
  }

  return {
    async resolveRevision(revision, signal) {
      const at = `${where}@${revision}`;
      const { json } = await api(`revision/${encodeURIComponent(revision)}`, at, signal);
      const { sha } = fieldsOf(json);
      if (typeof sha === "string" && /^[0-9a-f]{40}$/.test(sha)) return sha;
      throw strangeAnswer(at, "no commit in `sha`");
    },

    async listFiles(commit, signal) {
      const files: HubFile[] = [];
      const path = `tree/${encodeURIComponent(commit)}`;
      let query: string | undefined = "?recursive=true";
      while (query !== undefined) {
        const page: Awaited<ReturnType<typeof api>> = await api(path + query, where, signal);
        if (!Array.isArray(page.json)) throw strangeAnswer(where, "the tree is no list");
        for (const entry of page.json) {
          const file = fileOf(fieldsOf(entry), where);
          if (file !== undefined) files.push(file);
        }
        query = page.next;
      }
      return files;
    },

    open(request, signal) {
      const path = request.file.path.split("/").map(encodeURIComponent).join("/");
      const url = new URL(`${endpoint}/${repo}/resolve/${encodeURIComponent(request.commit)}/${path}`);
      return openByHttp(
        { url, authorize },
        request,
        ({ status, response }) => refused(status, response.headers, `${where}: ${request.file.path}`),
        signal,
      );
    },
  };
}

function fileOf(entry: Readonly<Record<string, unknown>>, where: string): HubFile | undefined {
  if (entry.type !== "file") return undefined;
  const lfs = fieldsOf(entry.lfs);
  const bytes = sizeOf(lfs.size) ?? sizeOf(entry.size);
  if (typeof entry.path !== "string" || bytes === undefined) throw strangeAnswer(where, "a file without path or size");
  const path = safePath(entry.path, where);
  if (typeof lfs.oid === "string") return { path, bytes, sum: { kind: "sha256", hex: lfs.oid.toLowerCase() } };
  return typeof entry.oid === "string" ? { path, bytes, sum: { kind: "gitBlob", hex: entry.oid } } : { path, bytes };
}

/** The query of the next page. Only that: a mirror hands on links that lead to the hub itself. */
function nextPage(link: string | string[] | undefined): string | undefined {
  const [, url] = /<([^>]+)>;\s*rel="next"/.exec(String(link ?? "")) ?? [];
  return url === undefined || !URL.canParse(url) ? undefined : new URL(url).search;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

interface HubRefusal {
  readonly repo: string;
  readonly endpoint: string;
  readonly hasToken: boolean;
  readonly where: string;
  readonly status: number;
  readonly headers: Headers;
}

/**
 * What a refusal means. The hub says which in `X-Error-Code`: `GatedRepo` comes with 401 for nobody and with 403 for an account
 * that is not on the list; 401 alone is also its answer for a repository that does not exist.
 * @see huggingface_hub 2.4.0, utils/_http.py, hf_raise_for_status
 */
function hubRefusal({ repo, endpoint, hasToken, where, status, headers }: HubRefusal): DeployError {
  const code = /^\w+$/.exec(String(headers["x-error-code"] ?? ""))?.[0] ?? "";
  const got = code === "" ? String(status) : `${status} ${code}`;
  const secret = "the Secret that model.tokenSecret names (HF_TOKEN of the Job)";
  if (code === "RevisionNotFound") {
    const meaning = "The repository has no such revision";
    return refusedBySource({
      where,
      got,
      meaning,
      hint: `Look at ${endpoint}/${repo}/commits and correct model.revision.`,
    });
  }
  if (code === "GatedRepo") {
    const meaning = hasToken
      ? "The repository is gated, and the token's account has not been let in"
      : "The repository is gated, and no token was sent";
    const hint = `Accept the licence at ${endpoint}/${repo}, then put a token of that account, with read access to gated repositories, into ${secret}.`;
    return refusedBySource({ where, got, meaning, hint });
  }
  if (code === "EntryNotFound") {
    return refusedBySource({ where, got, meaning: "The file is gone", hint: "The listing named it: try again." });
  }
  if (status === 401 && headers["x-error-message"] === "Invalid credentials in Authorization header") {
    const meaning = "The token is not valid";
    return refusedBySource({
      where,
      got,
      meaning,
      hint: `Put a valid token into ${secret}, or send none for a public repository.`,
    });
  }
  const meaning = hasToken
    ? "There is no such repository, or the token's account may not see it"
    : "There is no such repository, or it is private and no token was sent";
  const hint = `Check the name at ${endpoint}/${repo}; for a private repository put a token into ${secret}.`;
  return refusedBySource({ where, got, meaning, hint });
}
