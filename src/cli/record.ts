/** `--record FILE`, around a capture. */
import { CaptureRecorder } from "../capture/capture-recorder.ts";
import { writeRecording } from "../transport/recording/write-recording.ts";
import { say } from "./say.ts";

/** Runs a capture with a recorder, where one was asked for, and says what is missing in the recording. */
export async function recording<T>(
  path: string | undefined,
  capture: (record: CaptureRecorder | undefined) => Promise<T>,
): Promise<T> {
  if (path === undefined) return capture(undefined);
  const writer = await writeRecording(path);
  try {
    return await capture(new CaptureRecorder(writer));
  } finally {
    await writer.close();
    if (writer.droppedBytes > 0) {
      const why = writer.failure ?? "the disk did not follow";
      say(`${path} lacks ${writer.droppedBytes.toLocaleString("en")} bytes of the capture: ${why}`);
    }
  }
}
