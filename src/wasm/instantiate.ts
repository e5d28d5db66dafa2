/**
 * What `assembly/` was compiled to, ready to run. The modules beside this file are made by scripts/wasm.mjs and are not kept
 * in git; each is a string, so that rooms without I/O can have one.
 */

/** The part of the web's interface that is used here: TypeScript knows it as part of a browser's only. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

/** A module's memory: its buffer is another one once it has grown. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** A constant or an address that a module exports. */
export interface WasmGlobal {
  readonly value: number;
}

const compiled = new Map<string, object>();

/**
 * An instance's exports, which are what assembly/ says: nobody else checks that.
 *
 * @param base64 one of the modules beside this file
 */
export function instantiate(base64: string): object {
  const module = compiled.get(base64) ?? new WebAssembly.Module(Buffer.from(base64, "base64"));
  compiled.set(base64, module);
  return new WebAssembly.Instance(module).exports;
}
