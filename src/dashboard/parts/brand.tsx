export function Brand({ version }: { readonly version: string | null }) {
  return (
    <h1 class="brand" title={version === null ? undefined : `kmemtap ${version}`}>
      <svg class="brand-mark" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <path d="M2 13V8M6 13V4M10 13V9.5M14 13V2" />
      </svg>
      kmemtap
    </h1>
  );
}
