// JSON values as a type: what may be stored, hashed, or sent over the socket.

/** Any value that JSON can hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
