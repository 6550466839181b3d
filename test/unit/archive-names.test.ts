/**
 * Names of images, which may be anything, as paths in an archive: safe on any system, and none twice.
 */
import { describe, expect, it } from '@jest/globals';
import { ArchiveNames } from '../../client-sdk/archive-names.js';
import { safeParts } from '../../client-sdk/safe-path.js';

function placed(...names: readonly string[]): readonly string[] {
  const places = new ArchiveNames();
  return names.map((name) => places.place(name));
}

describe('paths in an archive', () => {
  it('keep honest folders and names', () => {
    expect(placed('a/b/c.png', 'ü €.jpg')).toEqual(['a/b/c.png', 'ü €.jpg']);
  });

  it('never climb, never begin at a root, never name a device or a drive', () => {
    expect(placed('../../etc/passwd', '/root.png', '\\\\host\\share', 'C:\\x.png', 'nul.png', 'a/./b//c')).toEqual([
      '__/__/etc/passwd', 'root.png', 'host/share', 'C_/x.png', '_nul.png', 'a/b/c',
    ]);
  });

  it('lose control characters and what turns the reading direction', () => {
    expect(placed('photo\u202egpj.exe', 'line\nbreak\u0000.png', 'a\u2066b\u200f.png')).toEqual(['photo_gpj.exe', 'line_break_.png', 'a_b_.png']);
  });

  it('number equal names, also where only case or composition of letters differs', () => {
    expect(placed('a.png', 'a.png', 'A.PNG', 'u\u0308.png', '\u00fc.png')).toEqual(['a.png', 'a (2).png', 'A (3).PNG', 'u\u0308.png', '\u00fc (2).png']);
  });

  it('never put a file where a folder is, nor the other way round', () => {
    expect(placed('a', 'a/b', 'a/c', 'a')).toEqual(['a', 'a (2)/b', 'a (2)/c', 'a (3)']);
    expect(placed('x/y', 'x')).toEqual(['x/y', 'x (2)']);
  });

  it('have parts of at most 255 bytes, and number long names too', () => {
    const long = `${'é'.repeat(390)}.jpeg`;
    const [first = '', second = ''] = placed(long, long);
    expect(Buffer.byteLength(first)).toBeLessThanOrEqual(255);
    expect(second).toMatch(/^é+ \(2\)\.jpeg$/);
    expect(Buffer.byteLength(second)).toBeLessThanOrEqual(255);
    expect(safeParts('///')).toEqual(['unnamed']);
  });

  it('of five thousand equal names are found without trying each number again', () => {
    const places = new ArchiveNames();
    const started = performance.now();
    for (let i = 0; i < 5_000; i++) places.place('same.png');
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(places.place('same.png')).toBe('same (5001).png');
  });
});
