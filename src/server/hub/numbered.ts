/** What remembers at which message it last changed, so that what a viewer needs is a question of what it was sent last. */
export interface Numbered<T> {
  readonly seq: number;
  readonly value: T;
}

export function newerThan<T>(numbered: Iterable<Numbered<T>>, since: number): T[] {
  const values: T[] = [];
  for (const { seq, value } of numbered) if (seq > since) values.push(value);
  return values;
}
