import { useEffect, useState } from "preact/hooks";

/** `dark` or `light`, and a new render when the viewer's system changes its mind. */
export function useColourScheme(): "dark" | "light" {
  const [dark, setDark] = useState(() => matchMedia("(prefers-color-scheme: dark)").matches);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const onChange = () => setDark(query.matches);
    query.addEventListener("change", onChange);
    return () => query.removeEventListener("change", onChange);
  }, []);
  return dark ? "dark" : "light";
}
