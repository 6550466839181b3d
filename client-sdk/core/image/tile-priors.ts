export const priors = new Uint16Array(3 * 32 * 24 + 60).fill(0x8000);
