// The order of test files where no run before has told how long each takes: jest's own is by size, which says little here. What starts browsers,
// databases and servers comes first, so that no core waits for one of them at the end.
import TestSequencer from '@jest/test-sequencer';

const folders = ['browser', 'contract', 'integration', 'fault'];

function rankOf({ path }) {
  const rank = folders.findIndex((folder) => path.includes(`/test/${folder}/`));
  return rank < 0 ? folders.length : rank;
}

export default class FoldersFirst extends TestSequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    if (sorted.some(({ duration }) => duration !== undefined)) return sorted;
    return [...sorted].sort((a, b) => rankOf(a) - rankOf(b));
  }
}
