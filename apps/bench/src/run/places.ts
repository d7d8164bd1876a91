/* Where things stand, from the built program in apps/bench/dist. */
import { fileURLToPath } from 'node:url';

/** A file of apps/bench. */
export const place = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
