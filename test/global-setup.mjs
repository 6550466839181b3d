// What tests need beside `tsc --build`: kernels and the bundled command, from what was compiled last.
import bundle from '../client-sdk/cli/bundle.mjs';
import buildKernels from '../client-sdk/core/image/kernel/build.mjs';

export default async function setUp() {
  await buildKernels();
  await bundle();
}
