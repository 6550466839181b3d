/**
 * Patches: what turns the content of a stored tile into that of a new one that shows nearly the same, where the
 * picture was edited, turned or cropped. A patch says which window of the stored tile is looked at, how values
 * changed all over, and which pixels are other ones altogether. It knows nothing of blocks. SPEC.md section 5.9. Those of tiles of
 * coefficients are in jpeg/coefficient-patch.ts.
 */
import { fault } from '../errors.js';
import { checkShape, kindOf, shapeOf, type TileShape } from './content.js';
import { CorrectionWriter, type CorrectionCoder } from './correction-coder.js';
import { applyCoefficientPatch, makeCoefficientPatch } from './jpeg/coefficient-patch.js';
import { droppedBytes, isWithin, readerOf, shortened } from './patch-body.js';
import { codeExceptions, exceptionContexts, surveyOf, type PatchedTile, type Survey, type ValueMode } from './patch-exceptions.js';
import { fitMaps } from './patch-fit.js';
import { identity, mapContexts, MapCoder, occurring, type ValueMap } from './patch-map.js';
import { isInside, numbersOf, predict, tileOf, turnedSize, type BaseView } from './patch-prediction.js';
import { ByteReader, ByteWriter } from './varint.js';

/** Bits of the first byte of a patch. */
const orientationBits = 7;
const sizeBit = 8;
const channelsBit = 16;
const mapsBit = 32;
const modes: readonly (ValueMode | undefined)[] = [undefined, 'own', 'difference'];
const modeShift = 6;
const contexts = mapContexts + exceptionContexts;
/** A tile with at least this share of changed pixels is looked at for a change of all values. */
const changedShare = 16;

/**
 * The patch that makes `target` of `base`, both contents of tiles, or undefined where it would be longer than
 * `maxBytes` or the shapes do not allow one: another depth, a window that is not inside the base, samples and coefficients.
 * Throws DiceError `recipe-invalid` where one of them is no content of a tile.
 */
export function makePatch(target: Uint8Array, base: Uint8Array, view: BaseView, maxBytes: number): Uint8Array | undefined {
  const kind = kindOf(base);
  if (kindOf(target) !== kind) return undefined;
  return kind === 'coefficients' ? makeCoefficientPatch(target, base, view, maxBytes) : makeSamplePatch(target, base, view, maxBytes);
}

function makeSamplePatch(target: Uint8Array, base: Uint8Array, view: BaseView, maxBytes: number): Uint8Array | undefined {
  const shape = shapeOf(target);
  const baseShape = shapeOf(base);
  if (shape.depth !== baseShape.depth || !isInside(shape, baseShape, view)) return undefined;
  const samples = numbersOf(target, shape);
  const prediction = predict(shape, { shape: baseShape, numbers: numbersOf(base, baseShape) }, view);
  return new PatchWriter({ shape, samples, prediction }, headOf(shape, baseShape, view), maxBytes).shortest();
}

/**
 * The content that `patch` makes of the content `base`. Throws DiceError `recipe-invalid` for a patch of any other form than
 * sections 5.9 and 5.13 give.
 */
export function applyPatch(patch: Uint8Array, base: Uint8Array): Uint8Array<ArrayBuffer> {
  return kindOf(base) === 'coefficients' ? applyCoefficientPatch(patch, base) : applySamplePatch(patch, base);
}

function applySamplePatch(patch: Uint8Array, base: Uint8Array): Uint8Array<ArrayBuffer> {
  const baseShape = shapeOf(base);
  const reader = new ByteReader(patch);
  const first = reader.byte();
  const mode = modes[first >> modeShift];
  const { shape, view } = readHead(reader, first, baseShape);
  const hasMaps = (first & mapsBit) !== 0;
  if (first >> modeShift === modes.length || (shape.depth > 16 && (hasMaps || mode === 'difference'))) {
    throw fault('recipe-invalid', 'A patch has an unknown form.');
  }
  const prediction = predict(shape, { shape: baseShape, numbers: numbersOf(base, baseShape) }, view);
  if (!hasMaps && mode === undefined) {
    reader.end();
    return tileOf(prediction, shape);
  }
  return tileOf(readBody(reader.bytes(reader.remaining), { shape, prediction, samples: prediction }, hasMaps, mode), shape);
}

function readBody(bytes: Uint8Array, { shape, prediction }: PatchedTile, hasMaps: boolean, mode: ValueMode | undefined): Int32Array {
  const coder = readerOf(contexts, bytes);
  if (hasMaps) codeMaps(coder, shape, prediction, undefined);
  if (mode === undefined) {
    coder.end();
    return prediction;
  }
  const samples = prediction.slice();
  codeExceptions(coder, mapContexts, { shape, prediction, samples }, mode, { left: 0, top: 0, right: 0, bottom: 0 });
  coder.end();
  return samples;
}

/** What a patch begins with, but for the bits of its body in the first byte. */
function headOf(shape: TileShape, base: TileShape, view: BaseView): Uint8Array<ArrayBuffer> {
  const turned = turnedSize(base, view.orientation);
  const hasSize = turned.width !== shape.width || turned.height !== shape.height;
  const hasChannels = base.channels !== shape.channels;
  const writer = new ByteWriter();
  writer.byte(view.orientation | (hasSize ? sizeBit : 0) | (hasChannels ? channelsBit : 0));
  if (hasSize) for (const value of [shape.width - 1, shape.height - 1, view.x, view.y]) writer.varint(value);
  if (hasChannels) writer.byte(shape.channels);
  return writer.take();
}

function readHead(reader: ByteReader, first: number, base: TileShape): { readonly shape: TileShape; readonly view: BaseView } {
  const orientation = first & orientationBits;
  const turned = turnedSize(base, orientation);
  let { width, height, x, y } = { ...turned, x: 0, y: 0 };
  if ((first & sizeBit) !== 0) {
    width = reader.varint(turned.width - 1) + 1;
    height = reader.varint(turned.height - 1) + 1;
    x = reader.varint(turned.width - width);
    y = reader.varint(turned.height - height);
    if (width === turned.width && height === turned.height) throw fault('recipe-invalid', 'A patch names the size of its base.');
  }
  const channels = (first & channelsBit) === 0 ? base.channels : reader.byte();
  if ((first & channelsBit) !== 0 && channels === base.channels) throw fault('recipe-invalid', 'A patch names the channels of its base.');
  const shape = { width, height, channels, depth: base.depth };
  checkShape(shape);
  return { shape, view: { orientation, x, y } };
}

/** Codes the maps of all channels and sends the prediction through them. */
function codeMaps(coder: CorrectionCoder, shape: TileShape, prediction: Int32Array, maps: readonly ValueMap[] | undefined): void {
  const { channels, depth } = shape;
  const mapCoder = new MapCoder(coder, 0, depth);
  for (let c = 0; c < channels; c++) {
    const occurs = occurring({ samples: prediction, start: c, step: channels }, depth);
    const values = mapCoder.code(maps?.[c] ?? { line: identity, table: undefined }, occurs);
    for (let i = c; i < prediction.length; i += channels) prediction[i] = values[prediction[i]!]!;
  }
  if (mapCoder.isIdle) throw fault('recipe-invalid', 'A patch has maps that change nothing.');
}

/** Tries the ways to write one patch. */
class PatchWriter {
  #best: Uint8Array | undefined;

  constructor(
    private readonly tile: PatchedTile,
    private readonly head: Uint8Array,
    private readonly maxBytes: number,
  ) {}

  shortest(): Uint8Array | undefined {
    if (this.head.length > this.maxBytes) return undefined;
    const { shape, samples, prediction } = this.tile;
    const pixels = shape.width * shape.height;
    const survey = surveyOf(this.tile);
    const { exceptions } = survey;
    if (exceptions === 0) return this.head;
    const mayBeMapped = shape.depth <= 16 && exceptions * changedShare > pixels;
    const maps = mayBeMapped ? fitMaps(samples, prediction, shape) : [];
    if (maps.length === 0 || (pixels - exceptions) * changedShare > pixels) this.#tryModes(undefined, this.tile, survey);
    for (const each of maps) this.#tryMaps(each);
    return this.#best;
  }

  get #limit(): number {
    return this.#best === undefined ? this.maxBytes : this.#best.length - 1;
  }

  #tryMaps(maps: readonly ValueMap[]): void {
    const { shape, samples, prediction } = this.tile;
    const mapped = { shape, samples, prediction: prediction.slice() };
    const coder = new CorrectionWriter(mapContexts, this.#limit);
    const isShort = isWithin(() => {
      codeMaps(coder, shape, mapped.prediction, maps);
    });
    if (isShort) this.#tryModes(maps, mapped, surveyOf(mapped));
  }

  #tryModes(maps: readonly ValueMap[] | undefined, mapped: PatchedTile, { bounds, exceptions, leastBits }: Survey): void {
    if (exceptions === 0) this.#write(maps, undefined, () => undefined);
    else if (leastBits <= 8 * this.#limit) {
      for (const mode of mapped.shape.depth <= 16 ? (['own', 'difference'] as const) : (['own'] as const)) {
        this.#write(maps, mode, (coder) => {
          codeExceptions(coder, mapContexts, mapped, mode, bounds);
        });
      }
    }
  }

  /** Keeps the patch of `maps` and what `writeExceptions` writes if it is the shortest. */
  #write(maps: readonly ValueMap[] | undefined, mode: ValueMode | undefined, writeExceptions: (coder: CorrectionCoder) => void): void {
    const { head } = this;
    const coder = new CorrectionWriter(contexts, this.#limit - head.length + droppedBytes);
    isWithin(() => {
      if (maps !== undefined) codeMaps(coder, this.tile.shape, this.tile.prediction.slice(), maps);
      writeExceptions(coder);
      const body = shortened(coder.finish());
      const patch = new Uint8Array(head.length + body.length);
      patch.set(head);
      patch.set(body, head.length);
      patch[0] = patch[0]! | (maps === undefined ? 0 : mapsBit) | (modes.indexOf(mode) << modeShift);
      this.#best = patch;
    });
  }
}
