import type { DeployError } from "../../core/errors.ts";
import { type Asking, askSmall, type SmallAnswer } from "./ask.ts";
import { commitOf, parseGitRefs } from "./git-refs.ts";
import { openByHttp } from "./http-file.ts";
import type { Authorize } from "./http-get.ts";
import type { Hub, HubFile } from "./hub.ts";
import { fieldsOf, parseJson, sizeOf } from "./json.ts";
import { refusedBySource, strangeAnswer } from "./refusal.ts";
import { safePath } from "./safe-path.ts";

/** A model repository on ModelScope. */
export interface ModelScopeArgs {
  readonly repo: string;
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token: string | undefined;
  readonly asking: Asking;
}

/** A listing that is this long was cut by the server, which does not say so. */
const listingLimit = 3_000;

/**
 * ModelScope.
 *
 * `GET /api/v1/models/REPO/repo/files?Revision=&Recursive=True` lists `Data.Files` of `{Path, Type, Size, Sha256}`, at most
 * 3,000; `GET /api/v1/models/REPO/repo?Revision=&FilePath=` gives the bytes; the token goes as a bearer and as the cookie
 * `m_session_id`. Its own interface tells the commit of a branch only sometimes, so it is asked by git's.
 * @see modelscope_hub 0.5.1, _legacy_api.py (list_repo_files, get_download_url), constants.py (REPO_FILES_TRUNCATION_LIMIT),
 *   _openapi.py (_auth_headers, _auth_cookies), _repository.py (_GIT_URL_TEMPLATE)
 */
export function modelScopeHub({ repo, endpoint, token, asking }: ModelScopeArgs): Hub {
  const { where } = asking;
  const authorize: Authorize = () =>
    Promise.resolve(token === undefined ? {} : { authorization: `Bearer ${token}`, cookie: `m_session_id=${token}` });
  const gitProof: Authorize = () =>
    Promise.resolve(
      token === undefined ? {} : { authorization: `Basic ${Buffer.from(`oauth2:${token}`).toString("base64")}` },
    );
  const refused = (status: number, at: string, number = "") =>
    modelScopeRefusal({ page: `${endpoint}/models/${repo}`, hasToken: token !== undefined, where: at, status, number });

  return {
    async resolveRevision(revision, signal) {
      if (/^[0-9a-f]{40}$/.test(revision)) return revision;
      const url = new URL(`${endpoint}/models/${repo}.git/info/refs?service=git-upload-pack`);
      const answer = await askSmall({ url, authorize: gitProof }, asking, signal);
      if (answer.status !== 200) throw refused(answer.status, where);
      const refs = parseGitRefs(answer.text);
      if (refs === undefined) throw strangeAnswer(where, "no list of git references");
      const commit = commitOf(refs, revision);
      if (commit !== undefined) return commit;
      throw refusedBySource({
        where: `${where}@${revision}`,
        got: `${refs.size} references`,
        meaning: "The repository has no such branch or tag",
        hint: `Look at ${endpoint}/models/${repo}/files and correct model.revision: the main branch is "master" there.`,
      });
    },

    async listFiles(commit, signal) {
      const url = new URL(`${endpoint}/api/v1/models/${repo}/repo/files`);
      url.search = String(new URLSearchParams({ Revision: commit, Recursive: "True" }));
      const answer = await askSmall({ url, authorize }, asking, signal);
      if (answer.status !== 200) throw refused(answer.status, `${where}@${commit}`, numberOf(answer));
      const listed = fieldsOf(fieldsOf(parseJson(answer.text, where)).Data).Files;
      if (!Array.isArray(listed)) throw strangeAnswer(where, "no `Data.Files`");
      if (listed.length >= listingLimit)
        throw strangeAnswer(where, `${listed.length} files: the server cuts longer lists`);
      return listed.map((entry) => fileOf(fieldsOf(entry), where)).filter((file) => file !== undefined);
    },

    open(request, signal) {
      const url = new URL(`${endpoint}/api/v1/models/${repo}/repo`);
      url.search = String(new URLSearchParams({ Revision: request.commit, FilePath: request.file.path }));
      return openByHttp(
        { url, authorize },
        request,
        ({ status }) => refused(status, `${where}: ${request.file.path}`),
        signal,
      );
    },
  };
}

function fileOf(entry: Readonly<Record<string, unknown>>, where: string): HubFile | undefined {
  if (entry.Type === "tree") return undefined;
  const bytes = sizeOf(entry.Size);
  if (typeof entry.Path !== "string" || bytes === undefined) throw strangeAnswer(where, "a file without path or size");
  const path = safePath(entry.Path, where);
  const sum = typeof entry.Sha256 === "string" ? entry.Sha256.toLowerCase() : "";
  return /^[0-9a-f]{64}$/.test(sum) ? { path, bytes, sum: { kind: "sha256", hex: sum } } : { path, bytes };
}

/** The server's own number for what is wrong; its words are left out, since a server may echo what it was sent. */
function numberOf({ text }: SmallAnswer): string {
  return /"Code"\s*:\s*(\d+)/.exec(text)?.[1] ?? "";
}

interface ModelScopeRefusal {
  /** The repository's page, for people. */
  readonly page: string;
  readonly hasToken: boolean;
  readonly where: string;
  readonly status: number;
  readonly number: string;
}

function modelScopeRefusal({ page, hasToken, where, status, number }: ModelScopeRefusal): DeployError {
  const got = number === "" ? String(status) : `${status}, Code ${number}`;
  const secret = "the Secret that model.tokenSecret names (MODELSCOPE_TOKEN of the Job)";
  if (status === 401 || status === 403) {
    const meaning = hasToken
      ? "The token is not valid or may not see the repository"
      : "The repository asks for a token";
    return refusedBySource({
      where,
      got,
      meaning,
      hint: `Ask for access at ${page}, then put a token into ${secret}.`,
    });
  }
  const meaning = "There is no such repository or revision, or it is private";
  return refusedBySource({
    where,
    got,
    meaning,
    hint: `Check ${page}; for a private repository put a token into ${secret}.`,
  });
}
