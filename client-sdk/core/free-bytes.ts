/**
 * Memory given back before the garbage collector finds it: arrays outside its heap can grow by 64 MB and more until it looks.
 */

/** ECMAScript 2024, which not every engine has. */
interface Transferable {
  transfer?(newLength: number): ArrayBuffer;
}

/**
 * Nobody uses the array, nor any other view of its buffer, any more: where the engine can, its memory is free. Only for what was made here
 * and given to nothing but our own code: an array that came in a message, or went to an interface of the browser, is held there too, and
 * then its memory would stay without being counted.
 */
export function freeBytes(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer) (buffer as Transferable).transfer?.(0);
}
