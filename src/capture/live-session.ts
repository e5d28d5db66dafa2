/**
 * One target, live: bytes in at the pace they are accounted, snapshots out at a steady pace, shared by all who watch.
 *
 *     chunks of one run after the other ──▶ decode + account        (pull: the next chunk is read after this one)
 *     interval ──▶ snapshot of the current run ──share──▶ viewers   (one computation, however many watch)
 */
import {
  concat,
  defer,
  EMPTY,
  from,
  ignoreElements,
  interval,
  map,
  merge,
  Observable,
  of,
  share,
  Subject,
  takeUntil,
  tap,
} from "rxjs";
import { messageOf } from "../model/errors.ts";
import type { ByteSource } from "../model/ports.ts";
import { LiveAccount } from "./live-account.ts";
import type { LiveOptions } from "./live-options.ts";
import type { LiveUpdate } from "./live-update.ts";

/**
 * Starts reading when it is subscribed to, stops when the last subscriber leaves; completes, after one last update, when
 * the source ends or fails.
 */
export function liveSession(source: ByteSource, options: LiveOptions): Observable<LiveUpdate> {
  return defer(() => {
    const session = new LiveAccount(source, options);
    const over = new Subject<void>();
    const reading = settled(from(session.chunks()), (failure) => {
      session.end(failure);
      over.next();
    });
    const ticks = interval(options.snapshotMs).pipe(
      takeUntil(over),
      map(() => session.update()),
    );
    const hearing = (options.reports ?? EMPTY).pipe(
      takeUntil(over),
      tap((report) => session.hear(report)),
      ignoreElements(),
    );
    const noting = (options.notes ?? EMPTY).pipe(
      takeUntil(over),
      tap((text) => session.note(text)),
      ignoreElements(),
    );
    const lastUpdate = defer(() => of(session.update()));
    const beside = options.agent === undefined ? EMPTY : from(session.besides(options.agent)).pipe(ignoreElements());
    return concat(merge(reading, ticks, hearing, noting, beside), lastUpdate);
  }).pipe(share());
}

/** A failure of the source is a state that viewers see, not an end of the daemon: it completes, and says how it ended. */
function settled(reading: Observable<Uint8Array>, onEnd: (failure: Error | undefined) => void): Observable<never> {
  return new Observable((subscriber) =>
    reading.subscribe({
      error: (thrown: unknown) => {
        onEnd(thrown instanceof Error ? thrown : new Error(messageOf(thrown)));
        subscriber.complete();
      },
      complete: () => {
        onEnd(undefined);
        subscriber.complete();
      },
    }),
  );
}
