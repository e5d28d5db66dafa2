/** An implied free for ten objects that seem alive: frees of such objects raise no event (kfree_rcu, bulk frees). */
export function freesUnseen(row: { readonly impliedFrees: number; readonly liveObjects: number }): boolean {
  return row.impliedFrees > 0 && row.impliedFrees * 10 >= row.liveObjects;
}
