import { createContext } from "preact";

/** Whether the account lost nothing: every figure below asks, so that none can forget to mark itself. */
export const ExactContext = createContext(true);

export const WHY_APPROXIMATE = "approximate: events were lost or could not be read, so the true number is unknown";
