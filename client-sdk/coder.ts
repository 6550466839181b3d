/**
 * The one coder between contents and coded bytes, as blocks take it. The coders themselves live in core/image.
 * SPEC.md section 5.2.
 */
import type { ContentCoder } from './core/block.js';
import { codeContent, codedLength, decodeContent } from './core/image/coded.js';

/** Lossless and deterministic, for every kind of content. */
export const contentCoder = { code: codeContent, decode: decodeContent, length: codedLength } as const satisfies ContentCoder;
