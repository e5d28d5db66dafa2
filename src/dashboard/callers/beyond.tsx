/** Behind a heading: what stands below it is of more than the row is. @param of empty where it is not */
export function Beyond({ of }: { readonly of: string }) {
  return of === "" ? null : <small class="beyond">{of}</small>;
}
