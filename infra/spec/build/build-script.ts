import { imageStage, provenanceStage } from "./dockerfile.ts";

/** Where the pod finds the Dockerfile and this script. */
export const buildFilesPath = "/keye";

/** Where the builder keeps layers and cache mounts: what a claim preserves from build to build. */
export const builderStatePath = "/home/user/.local/share/buildkit";

/** Where the script works. */
export const buildWorkPath = "/work";

/**
 * What the build's container runs, in the shell of the builder's image. Reads MAX_JOBS and IMAGE.
 *
 * The pod's last words are JSON with digest and provenance, or heading and last lines of the step that failed. They are picked
 * out of the log: BuildKit's own summary is followed by the Dockerfile's lines, which would push them out of the 4096 bytes
 * that a termination message holds, and now and then lacks what the step said last. A daemon that cannot start says why in one
 * line, and then where in its program that was: the latter is left out.
 * @see moby/buildkit v0.34 examples/buildctl-daemonless/buildctl-daemonless.sh, util/progress/progressui
 */
export const buildScript = String.raw`set -u
cd ${buildWorkPath}
mkdir -p context
cp ${buildFilesPath}/Dockerfile context/
build() {
  buildctl-daemonless.sh build --progress=plain --frontend=dockerfile.v0 --local=context=context --local=dockerfile=context \
    --opt="build-arg:MAX_JOBS=$MAX_JOBS" "$@"
}
build_and_read() {
  build --opt=target=${imageStage} --output="type=image,name=$IMAGE,push=true" --metadata-file=metadata.json &&
    build --opt=target=${provenanceStage} --output=type=local,dest=.
}
{ build_and_read 2>&1; echo $? >status; } | tee log
if [ "$(cat status)" = 0 ]; then
  digest=$(sed -n 's/.*"containerimage.digest": *"\(sha256:[0-9a-f]*\)".*/\1/p' metadata.json)
  printf '{"digest":"%s","provenance":%s}' "$digest" "$(cat provenance.json)" >words
else
  failed=$(sed -n 's/^#\([0-9]*\) ERROR: .*/\1/p' log | tail -n 1)
  [ -z "$failed" ] || { grep "^#$failed " log | head -n 1; grep "^#$failed [0-9]" log | tail -n 30; } >words
  grep '^error: ' log | tail -n 1 | sed 's/process ".*" did/the step did/' >>words
  [ -s words ] || grep -vE '^([[:blank:]]|github\.com/|main\.|runtime\.)' log | tail -n 30 >words
fi
tail -c 4000 words >/dev/termination-log
exit "$(cat status)"
`;
