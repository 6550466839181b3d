/**
 * The account of a library that benches make.
 */

/** User name and password. */
export const benchCredentials = { username: 'bench', password: 'seven swans over the weir' } as const;
