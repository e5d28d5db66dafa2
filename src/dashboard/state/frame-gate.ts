/** Runs `draw` in the next animation frame, once, however often it was asked: messages may come faster than frames. */
export function createFrameGate(draw: () => void): () => void {
  let pending = false;
  return () => {
    if (pending) return;
    pending = true;
    requestAnimationFrame(() => {
      pending = false;
      draw();
    });
  };
}
