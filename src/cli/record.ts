/** `--record FILE`, around a capture. */
import { CaptureRecorder } from "../capture/capture-recorder.ts";
import { KmemtapError } from "../model/errors.ts";
import { type RecordingWriter, writeRecording } from "../transport/recording/write-recording.ts";
import { say } from "./say.ts";

/**
 * Runs a capture with a recorder, where one was asked for.
 *
 * @param capture prints its result itself: who asked for a recording is told of what that lacks by the status
 * @throws {KmemtapError} `output/unwritable` where the recording lacks something of a capture that went well
 */
export async function recording<T>(
  path: string | undefined,
  capture: (record: CaptureRecorder | undefined) => Promise<T>,
): Promise<T> {
  if (path === undefined) return capture(undefined);
  const writer = await writeRecording(path);
  let result: T;
  try {
    result = await capture(new CaptureRecorder(writer));
  } catch (thrown) {
    // What ended the capture is the failure; the recording's own is said before it.
    await writer.close();
    const lack = lackOf(path, writer);
    if (lack !== undefined) say(lack);
    throw thrown;
  }
  await writer.close();
  const lack = lackOf(path, writer);
  if (lack === undefined) return result;
  throw new KmemtapError("output/unwritable", lack, {
    nextStep: "make room, or record to another disk; report reads what is there, and says that it is not exact",
  });
}

function lackOf(path: string, { droppedBytes, failure }: RecordingWriter): string | undefined {
  if (droppedBytes === 0) return undefined;
  return `${path} lacks ${droppedBytes.toLocaleString("en")} bytes of the capture: ${failure ?? "the disk did not follow"}`;
}
