/** The page's entry: one element, one WebSocket. */
import { render } from "preact";
import { App } from "./app.tsx";
import { startSession } from "./state/session.ts";
import { keepInAddress, view } from "./view/view-store.ts";

// Beside the page, not at the root: the page also works below a path of a reverse proxy.
const url = new URL("ws", document.baseURI);
url.protocol = url.protocol === "https:" ? "wss:" : "ws:";

const root = document.getElementById("page");
if (root === null) throw new Error("index.html has no #page");
keepInAddress();
startSession(url, view.value.target);
render(<App />, root);
