/** The gallery: upload by drop or choice, and the account's images, decrypted here. DESIGN.md section 7 (Pages). */
import { byId, show } from './parts/dom.js';
import { ImageGrid } from './parts/image-grid.js';
import { startApp } from './parts/shell.js';
import { offerUpload } from './parts/upload-panel.js';
import { isUnconfirmed } from './parts/words.js';

startApp(async (page) => {
  const grid = new ImageGrid(page);
  if (isUnconfirmed(page.account.accountId)) {
    show(byId('gate', HTMLElement), true);
    show(byId('drop', HTMLElement), false);
  } else offerUpload(page, () => grid.load());
  await grid.load();
});
