/**
 * The deflate kernel: what the outside may call. It reads streams in pieces, and writes one of plain bytes that are whole in its memory, a
 * block at a time under codes that the outside makes. It allocates nothing and calls nothing. SPEC.md sections 5.2 and 6.7.
 */
export { place } from './memory';
export { beginReading, dropOutput, inputAt, outputEnd, read, unusedBytes } from './reading';
export { beginTokens, bytesLeft, chooseTokens } from './tokens';
export { align, beginWriting, put, takeWritten, writeTokens, writtenBytes } from './writing';
export { beginZlib, blockEnd, blockStart, parse, setLevel, takeDictionary, waitingPlace, waitingRoom, zlibTokens } from './zlib-parsing';
