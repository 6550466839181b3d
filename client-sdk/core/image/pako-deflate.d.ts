/** The half of pako that writes: what reads is not to be sent to browsers. Its published types know the whole alone. */
declare module 'pako/lib/deflate.js' {
  export { deflateRaw } from 'pako';
}
