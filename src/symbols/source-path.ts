/** Paths of debug information as a kernel developer says them: from the kernel tree's root. */
import { posix } from "node:path";

/** What a kernel's tree has at its root (Linux, Kbuild). */
const AT_ROOT = new Set(
  (
    "arch block certs crypto drivers fs include init io_uring ipc kernel lib mm net rust samples scripts security sound " +
    "tools ubuntu usr virt"
  ).split(" "),
);

/** The function that every kernel has in init/main.c. */
export const ROOT_FUNCTION = "start_kernel";
const ROOT_FILE = "/init/main.c";

/** `/build/linux-6.1.190/` of `/build/linux-6.1.190/init/main.c`; undefined where the path is another's. */
export function rootOf(rootFunctionFile: string): string | undefined {
  const path = posix.normalize(rootFunctionFile);
  if (path === ROOT_FILE.slice(1)) return "";
  return path.endsWith(ROOT_FILE) ? path.slice(0, -ROOT_FILE.length + 1) : undefined;
}

/**
 * `fs/inode.c` of `/build/linux-6.1.190/fs/inode.c`, `./fs/inode.c`, `../../fs/inode.c`. What is not below the root, as a module built
 * elsewhere, keeps its path.
 */
export function fromRoot(file: string, root: string | undefined): string {
  const path = posix.normalize(file);
  if (root !== undefined && root !== "" && path.startsWith(root)) return path.slice(root.length);
  if (!path.startsWith("/")) {
    const up = path.replace(/^(?:\.\.\/)+/, "");
    if (AT_ROOT.has(up.split("/", 1)[0])) return up;
  }
  return path;
}

/**
 * The root that absolute paths have where others are relative to theirs: a compiler may be told to leave a prefix out (-ffile-prefix-map, as
 * Debian builds), and an assembler not. Undefined where none of them is in a directory that the others have as well.
 */
export function otherRootOf(files: readonly string[]): string | undefined {
  const folders = new Set(files.filter((path) => !path.startsWith("/")).map((path) => posix.dirname(path)));
  for (const path of files) {
    if (!path.startsWith("/")) continue;
    const parts = path.split("/");
    for (let i = 1; i < parts.length - 1; i++)
      if (AT_ROOT.has(parts[i]) && folders.has(parts.slice(i, -1).join("/"))) return parts.slice(0, i).join("/") + "/";
  }
  return undefined;
}

/** What is included, and is nobody's own code: the inline functions in there are their callers'. */
export function isHeader(file: string): boolean {
  return /\.(?:h|inc)$/.test(file);
}
