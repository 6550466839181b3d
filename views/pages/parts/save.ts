/**
 * Saves a blob under a harmless file name, as a download and never as a document.
 */

/** Hands the blob to the browser's downloads. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = safeFileName(name);
  document.body.append(link);
  link.click();
  link.remove();
  // The browser reads the blob at its own pace; nothing says when it has ended.
  setTimeout(() => { URL.revokeObjectURL(url); }, 600_000);
}

/** Text as a file. */
export function saveText(text: string, name: string, type: string): void {
  saveBlob(new Blob([text], { type }), name);
}

/** The last part of the name without what file systems and shells take ill; never empty, at most 120 characters. */
export function safeFileName(name: string): string {
  const last = name.slice(name.lastIndexOf('/') + 1);
  const clean = last.replace(/[\p{Cc}\p{Cf}\\:*?"<>|]/gu, '_').replace(/^[.\s]+|[.\s]+$/g, '');
  if (clean === '') return 'image';
  if (clean.length <= 120) return clean;
  const dot = clean.lastIndexOf('.');
  const extension = dot > 0 && clean.length - dot <= 10 ? clean.slice(dot) : '';
  return clean.slice(0, 120 - extension.length) + extension;
}
