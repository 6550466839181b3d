/**
 * The coder of this version behind the interface that blocks are sealed with. It chooses nothing itself: image/coded.ts
 * does. SPEC.md section 5.
 */
import type { ContentCoder } from './block.js';
import { codeContent, codedLength, decodeContent } from './image/coded.js';

/** What every client codes contents with. */
export const contentCoder: ContentCoder = { code: codeContent, decode: decodeContent, length: codedLength };
