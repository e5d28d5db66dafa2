import type { Observable } from "rxjs";
import { onTestFinished } from "vitest";

/** What an observable has emitted so far, and how it ended. */
export interface Collected<T> {
  readonly values: T[];
  ended: boolean;
  failure: unknown;
}

export function collect<T>(observable: Observable<T>): Collected<T> {
  const collected: Collected<T> = { values: [], ended: false, failure: undefined };
  const subscription = observable.subscribe({
    next: (value) => collected.values.push(value),
    error: (thrown: unknown) => (collected.failure = thrown),
    complete: () => (collected.ended = true),
  });
  onTestFinished(() => subscription.unsubscribe());
  return collected;
}
