/**
 * The server's own arguments within a container's command line, or undefined where it starts something else. Sees through
 * an init (`tini --`) and through `sh -c "…"`, as long as the words need no shell.
 */
export function serverWords(argv: readonly string[]): readonly string[] | undefined {
  const module = argv.indexOf("sglang.launch_server");
  if (module > 0 && argv[module - 1] === "-m") return argv.slice(module + 1);
  const serve = argv.findIndex((word, index) => /(^|\/)sglang$/.test(word) && argv[index + 1] === "serve");
  if (serve >= 0) return argv.slice(serve + 2);
  const script = argv.indexOf("-c");
  if (script < 0 || !/(^|\/)(ba|da)?sh$/.test(argv[script - 1] ?? "")) return undefined;
  const words = (argv[script + 1] ?? "").split(/\s+/).filter((word) => word !== "");
  return serverWords(words.map((word) => word.replace(/^(["'])(.*)\1$/, "$2")));
}
