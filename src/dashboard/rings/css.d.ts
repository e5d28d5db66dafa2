/** A style that vite puts where the script is. */
declare module "*.css";
