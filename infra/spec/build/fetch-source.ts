/** Name of the script in the image while it is built. */
export const fetchSourcePath = "/opt/keye/bin/fetch-source";

/** What the script says before the URL where a repository cannot be cloned, and before a commit that is not there. */
export const cloneFailed = "keye: cannot clone";
export const commitGone = "keye: no such commit any more:";

/**
 * Script that brings one repository at one commit, with its tags (setuptools-scm reads a version from them) and its
 * submodules (DeepGEMM does not build without). Without the blobs of other commits, where the server can leave them out.
 *
 * A commit that no branch holds any more is asked for by its name, which most servers allow.
 */
export const fetchSource = `#!/bin/sh
# fetch-source URL COMMIT FOLDER
set -eu
export GIT_TERMINAL_PROMPT=0
git clone --quiet --no-checkout --filter=blob:none "$1" "$3" || { echo "${cloneFailed} $1" >&2; exit 65; }
cd "$3"
git cat-file -e "$2^{commit}" 2>/dev/null || git fetch --quiet origin "$2" || { echo "${commitGone} $2 in $1" >&2; exit 66; }
git checkout --quiet --detach "$2"
git submodule update --init --recursive
echo "keye: $(basename "$3") is at $(git rev-parse HEAD)"
`;
