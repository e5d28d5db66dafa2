/** How full something is. Its number stands beside it: the bar is for the eye alone. */
export function Bar({ share }: { readonly share: number }) {
  return (
    <span class="bar" aria-hidden="true">
      <span style={{ transform: `scaleX(${Math.min(1, Math.max(0, share))})` }} />
    </span>
  );
}
