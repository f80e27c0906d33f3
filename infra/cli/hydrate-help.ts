import { neverNeeded, otherFormats } from "../supply/hub/file-choice.ts";

/** `keye hydrate --help`. */
export const hydrateHelp = `keye hydrate --source SOURCE --to DIR [--revision REV] [options]
keye hydrate --source SOURCE --list [--revision REV] [options]

Fills a folder with the weights of a model: resumes what is there, checks every sum, and marks the folder as complete last.
Run it as often as you like, by as many as you like: one works, the others wait; a complete folder ends it at once.

  keye hydrate --source huggingface:Kwai-Keye/Keye-VL-2.0-30B-A3B --list
  keye hydrate --source huggingface:Kwai-Keye/Keye-VL-2.0-30B-A3B --revision 0123…cdef --to /models/keye

  --source SOURCE      huggingface:OWNER/NAME, modelscope:OWNER/NAME, s3://BUCKET/PREFIX, or http(s)://HOST/FOLDER with a
                       SHA256SUMS or the manifest.json of another hydration in it
  --revision REV       branch, tag or commit (default: the hub's main branch); for s3 and http the sha256 of the listing,
                       64 hex digits, pins it
  --to DIR             where the weights go; made where it is not there
  --list               shows what would be loaded and whether the token suffices; loads nothing
  --include PATTERN    loads these files only; repeat it. * stands for anything, slashes included
  --exclude PATTERN    leaves these files out; repeat it
                       Without --include these are left out: ${neverNeeded.join(" ")}
                       and beside safetensors: ${otherFormats.join(" ")}
  --endpoint URL       a mirror of the hub, or the S3 store; "{bucket}" in it stands for the bucket where the store wants it
                       in its host name (default: HF_ENDPOINT, MODELSCOPE_ENDPOINT, AWS_ENDPOINT_URL_S3, else the public one)
  --region NAME        of the bucket (default: AWS_REGION, else us-east-1)
  --parallel N         files at once, 1 to 64 (default 8)
  --verify             sums a folder that is complete already, and loads again what is damaged
  --deadline SECONDS   for all of it, waiting for others included (default 21600)
  --termination FILE   where the last word goes too (default: /dev/termination-log, where there is one)

Tokens come from the environment alone: HF_TOKEN, MODELSCOPE_TOKEN, AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and
AWS_SESSION_TOKEN. They go to the source's own host and never to where it redirects. Behind a proxy set HTTPS_PROXY and
NODE_USE_ENV_PROXY=1.

Exit codes: 0 complete, 1 refused for good (no such repository, gated, corrupt, other weights in DIR), 2 bad input,
4 network, disk, deadline, or another one at work: run it again, what is there is kept, 130 cancelled.
`;
