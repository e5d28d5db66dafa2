/** What a file is, by its beginning. */
import { open, stat } from "node:fs/promises";
import { isRecording } from "../transport/recording/frames.ts";

/** True for what `--record` has made. */
export async function holdsCapture(file: string): Promise<boolean> {
  return file !== "-" && isRecording(await firstBytes(file));
}

/** None where the file cannot be read, or is no regular file: reading a pipe would take them away. */
export async function firstBytes(path: string): Promise<Buffer> {
  try {
    if (!(await stat(path)).isFile()) return Buffer.alloc(0);
    const handle = await open(path, "r");
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(64), 0);
    await handle.close();
    return buffer.subarray(0, bytesRead);
  } catch {
    return Buffer.alloc(0);
  }
}
