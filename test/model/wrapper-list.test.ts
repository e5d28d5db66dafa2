import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { WrapperList } from "../../src/model/wrapper-list.ts";

const shipped = WrapperList.parse(readFileSync("config/wrappers.txt", "utf8"));

describe("WrapperList", () => {
  it.each([
    "kstrdup+0x30/0x60",
    "kmemdup_noprof+0x29/0x60",
    "kasprintf+0x52/0x80",
    "kvasprintf_const+0x75/0x90",
    "__alloc_skb+0x8d/0x190",
    "radix_tree_node_alloc.constprop.0+0x6f/0xe0",
    "kvmalloc_node+0x4b/0x90",
    "__kmalloc_node_noprof+0x1a5/0x400",
    "sk_prot_alloc+0x3b/0x110",
    "sk_alloc+0x2e/0x1a0",
    "sock_alloc_send_skb+0x9/0x20",
    "idr_get_free+0x2a1/0x330",
    "radix_tree_insert+0x7d/0xf0",
    "__xa_store+0x6c/0xd0",
    "xa_store+0x38/0x60",
    "__xa_alloc_cyclic+0x9e/0x120",
    "__kfifo_alloc+0x5f/0x80",
    "kobject_create_and_add+0x18/0x90",
    "bio_alloc_bioset+0x1a0/0x4b0",
    "nla_memdup_noprof+0x2a/0x60",
    "nla_strdup+0x3c/0x60",
    "argv_split+0x31/0x110",
    "match_strdup+0x25/0x40",
  ])("has %s, whatever a compiler or a build appends", (callSite) => expect(shipped.has(callSite)).toBe(true));

  it.each([
    "kstrd+0x30/0x60",
    "ext4_alloc_inode+0x17/0x1a0 [ext4]",
    "0xffffffffc028d533",
    "alloc_pid+0x5f/0x3b0",
    "dma_pool_alloc+0xd0/0x1c0",
    "sock_alloc_inode+0x1d/0xe0",
    "kfree+0x1/0x2",
  ])("has not %s", (callSite) => expect(shipped.has(callSite)).toBe(false));

  it("takes comments, stars anywhere, and tells the line of what can be no name", () => {
    const faults: unknown[] = [];
    const list = WrapperList.parse("# mine\nfoo*bar  # and why\n\nnot a name\nend*\nold_noprof\n", (...fault) =>
      faults.push(fault),
    );
    expect(faults).toEqual([[4, "not a name"]]);
    expect(
      ["foobar+0x1/0x2", "fooxbar+0x1/0x2", "ending+0x1/0x2", "old_noprof+0x1/0x2"].map((site) => list.has(site)),
    ).toEqual([true, true, true, true]);
    expect(["foobarx+0x1/0x2", "xend+0x1/0x2"].map((site) => list.has(site))).toEqual([false, false]);
  });
});

it("holds what a function is called since 6.10, where a list has the name before", () => {
  const list = WrapperList.parse("kvmalloc_node\n");
  const sites = [
    "kvmalloc_node+0x1/0x2",
    "__kvmalloc_node_noprof+0x1/0x2",
    "__kvmalloc_node+0x1/0x2",
    "__other_noprof+0x1/0x2",
  ];
  expect(sites.map((site) => list.has(site))).toEqual([true, true, false, false]);
});
