/**
 * What a client does while the server lies to it. Each scenario is made ready with an honest server; then it acts, and says what it
 * came to: what cannot be otherwise, and what is the server's own word.
 */
import { connectWith } from '../../client-sdk/client.js';
import type { DiceClient } from '../../client-sdk/api.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import type { Fetch } from '../../client-sdk/ports.js';
import { codeNow } from './authenticator.js';
import { again, all, done, entered, kept, listed, never, opened, type Outcome, plain, said, type Scenario, settled, type Stage } from './hostile-outcomes.js';
import { type HostileWorld, type ImageName, type Owner, remembering } from './hostile-world.js';
import { codeOf, downloaded, testPassword, verified } from './sdk-client.js';

/** Scenarios of many requests, of which these alone are not lied about elsewhere. */
export const liedAboutThere: Readonly<Record<string, readonly RouteName[]>> = {
  'upload an edited copy': ['readImage', 'fetchBlocks'],
  'upload what another account has': ['askExistence', 'claimBlocks'],
};

const next = 'nine purple herons';

/** Acts of the account that all share. */
const onAda = (act: (stage: Stage) => Promise<Outcome>): Scenario => (stage) => Promise.resolve(() => act(stage));
/** Acts of an account made for them. */
const onNew = (act: (owner: Owner, stage: Stage) => Promise<Outcome>): Scenario => async (stage) => {
  const owner = await stage.world.owner();
  return () => act(owner, stage);
};

export const scenarios = {
  connect: onAda(async ({ world }) => said((await world.connect()).server)),
  register: async ({ world }) => {
    const client = await world.connect();
    const username = world.nextName();
    return async () => {
      const { recoveryWords } = await client.register({ username, password: testPassword, domain: 'personal' });
      return entered(world, client, { username, password: testPassword, words: recoveryWords });
    };
  },
  'register, invited': async ({ world, ada }) => {
    // One that a lie kept from being used stays open, and an account has so many and no more.
    for (const { invitationId, usedBy } of await ada.client.invitations()) if (usedBy === undefined) await ada.client.endInvitation(invitationId);
    const { link } = await ada.client.invite();
    const client = await world.connect();
    const username = world.nextName();
    return async () => {
      const { recoveryWords } = await client.register({ username, password: testPassword, invitation: link });
      return entered(world, client, { username, password: testPassword, words: recoveryWords });
    };
  },
  // Of an account of its own: wrong tries are counted.
  login: onNew(async ({ username }, { world }) => {
    const client = await world.connect();
    await client.login({ username, password: testPassword });
    const { domain, domains, isOperator, quotaBytes } = client.account ?? never();
    const used = await client.usage();
    return { sure: () => ({ isOwn: client.account?.username === username, domain, domains }), word: plain({ isOperator, quotaBytes, used: used.images }) };
  }),
  recover: onNew(async ({ username, words }, { world }) => {
    const client = await world.connect();
    await client.recover({ username, recoveryWords: words, newPassword: next });
    return entered(world, client, { username, password: next, words });
  }),
  'change the password': onNew(async ({ client, username, words }, { world }) => {
    await client.changePassword({ current: testPassword, next });
    return entered(world, client, { username, password: next, words });
  }),
  'change the words': onNew(async ({ client, username }, { world }) => {
    const { recoveryWords } = await client.changeRecoveryWords({ password: testPassword });
    return entered(world, client, { username, password: testPassword, words: recoveryWords });
  }),
  'check the words': onAda(async ({ ada }) => {
    await ada.client.checkRecoveryWords(ada.words);
    return done;
  }),
  'check wrong words': onNew(async ({ client }, { ada }) => {
    await client.checkRecoveryWords(ada.words);
    return done;
  }),
  'resume a session': async ({ world, ada }) => {
    const saved = await ada.client.saveSession();
    const client = await world.connect();
    return async () => {
      await client.resumeSession(saved);
      return { sure: async () => ({ username: client.account?.username, domains: client.account?.domains, key: (await client.saveSession()).accountKey === saved.accountKey }), word: plain({ ...client.account, domains: 0, domain: 0 }) };
    };
  },
  'resume the session of a page': async ({ world }) => {
    const page = { carrier: 'cookie', fetch: cookieFetch(world.network.fetch, world.server.url) } as const;
    const saved = await (await world.owner({}, page)).client.saveSession();
    const client = await connectWith(world.platform(page), { server: world.server.url });
    return async () => {
      await client.resumeSession(saved);
      await client.changeEmail('ada@example.org');
      return { sure: () => ({ isOwn: client.account?.username === saved.username, domains: client.account?.domains }) };
    };
  },
  'change the e-mail address': onAda(async ({ ada }) => {
    await ada.client.changeEmail('ada@example.org');
    return { sure: () => ada.client.account?.username, word: plain({ ...ada.client.account, domains: 0, domain: 0 }) };
  }),
  'change the domain': onNew(async ({ client }, { world, ada }) => {
    await client.changeDomain('open');
    const held = client.account?.domain;
    return { sure: async () => ({ held, kept: ada.username.length > 0 && (await again(world, client)).account?.domain }) };
  }),
  'make a group': onNew(async ({ client }, { world }) => {
    await client.changeDomain('group');
    const held = client.account?.domain;
    return { sure: async () => ({ held, kept: (await again(world, client)).account?.domain }) };
  }),
  'turn the second factor on': onNew(async ({ client, username }, { world }) => {
    const { secret, link } = await client.beginSecondFactor({ password: testPassword });
    const { backupCodes } = await client.confirmSecondFactor(codeNow(secret));
    const { hasSecondFactor, backupCodesLeft } = client.account ?? never();
    return { sure: async () => ({ without: await loginCode(world, username) }), word: [link.replace(username, 'person').replace(secret, 'secret'), backupCodes.length, hasSecondFactor, backupCodesLeft] };
  }),
  'turn the second factor off': async ({ world }) => {
    const { client, username } = await world.owner();
    const { backupCodes: [code = ''] } = await withSecondFactor(client);
    return async () => {
      await client.endSecondFactor({ password: testPassword, code });
      const { hasSecondFactor, backupCodesLeft } = client.account ?? never();
      return { sure: async () => ({ without: await loginCode(world, username) }), word: [hasSecondFactor, backupCodesLeft] };
    };
  },
  usage: onAda(async ({ ada }) => said(await ada.client.usage())),
  sessions: onAda(async ({ ada }) => said((await ada.client.sessions()).map(({ kind }) => kind).slice(0, 1))),
  'make a token and end it': onNew(async ({ client }, { world }) => {
    const token = await client.makeToken({ device: 'printer', days: 3 });
    const user = await world.connect();
    await user.resumeSession(token.session);
    await client.endSession(token.sessionId);
    return { sure: () => user.account?.username === client.account?.username };
  }),
  invite: onNew(async ({ client }, { honest, world }) => {
    const { invitationId, link } = await client.invite();
    const listed = await client.invitations();
    return {
      sure: async () => {
        const known = await (await again(world, client)).invitations();
        return { domain: client.account?.domain, isOwn: known.some((card) => card.invitationId === invitationId), link: link.startsWith(honest.serverUrl) };
      },
      word: listed.map(({ usedBy }) => usedBy ?? null),
    };
  }),
  'end an invitation': async (stage) => {
    const { client } = await stage.world.owner();
    const { invitationId } = await client.invite();
    return async () => {
      await client.endInvitation(invitationId);
      return done;
    };
  },
  list: onAda(async ({ ada }) => listed(await all(ada.client.list()))),
  'list the trash': onAda(async ({ ada }) => listed(await all(ada.client.list({ trash: true })))),
  'list, on a device that was away': async ({ world, ada, early }) => {
    const client = await world.resumed(ada.client, new Map(early));
    return async () => listed(await all(client.list()));
  },
  'look at the head, on a device that was away': async ({ world, ada, early }) => {
    const client = await world.resumed(ada.client, new Map(early));
    return async () => {
      const head = await client.head();
      return { sure: () => plain(head) };
    };
  },
  'find by name': onAda(async ({ ada }) => listed([await ada.client.find('picture.jpg')])),
  'find by id': onAda(async ({ ada, world }) => listed([await ada.client.find(world.id('picture.jpg'))])),
  'open a picture': onAda(async ({ ada, world }) => opened(await ada.client.open(world.id('photo.png')))),
  'open an edited copy': onAda(async ({ ada, world }) => opened(await ada.client.open(world.id('edited.png')))),
  'download bytes': download('notes.bin'),
  'download a few words': download('inline.txt'),
  'download a picture': download('photo.png'),
  'download an edited copy': download('edited.png'),
  'download a JPEG file': download('picture.jpg'),
  'download several': onAda(async ({ ada, world }) => {
    const names = ['photo.png', 'equal.png', 'notes.bin', 'picture.jpg'] as const;
    const files = await settled(names.map((name) => downloaded(ada.client, world.id(name))));
    return { sure: () => files.map((bytes, i) => Buffer.compare(bytes, world.files[names[i] ?? 'notes.bin']) === 0) };
  }),
  verify: onAda(async ({ ada, world }) => {
    const { blocks, file } = await verified(ada.client, world.id('photo.png'));
    if (file.error !== undefined) throw file.error;
    const failed = blocks.find(({ error }) => error !== undefined);
    if (failed?.error !== undefined) throw failed.error;
    return { sure: () => ({ right: file.isFileHashRight, blocks: blocks.length }), word: blocks.filter(({ isCodeEqual }) => !isCodeEqual).length };
  }),
  'check a block': async ({ ada, world, honest }) => {
    const id = world.id('notes.bin');
    const tag = (await honest.open(id)).blocks[0]?.block?.tag ?? '';
    // A client keeps the image that it checked last.
    const client = await again(world, ada.client);
    return async () => {
      const checks = (await all(client.checkBlock(id, tag))).filter((check) => check.kind === 'block');
      for (const { error } of checks) if (error !== undefined) throw error;
      return { sure: () => checks.map(({ isDecoded, isHashRight, isKeyRight }) => [isDecoded, isHashRight, isKeyRight]), word: checks.map(({ isCodeEqual }) => isCodeEqual) };
    };
  },
  preview: onAda(async ({ ada, world }) => {
    const bytes = await ada.client.preview(world.id('photo.png'));
    return { sure: () => (bytes === undefined ? undefined : hexOf(bytes)) };
  }),
  'preview that is the file': onAda(async ({ ada, world }) => {
    const bytes = await ada.client.preview(world.id('picture.jpg'));
    return { sure: () => (bytes === undefined ? undefined : hexOf(bytes)) };
  }),
  upload: upload(),
  'upload once more, on a device that remembers': async (stage) => {
    const { world } = stage;
    const { client } = await world.owner({}, remembering(new Map()));
    const files = { 'one.png': world.files['photo.png'], 'two.bin': world.files['notes.bin'] };
    await world.upload(client, { 'one.png': files['one.png'] });
    return async () => kept(stage, client, { files, results: await world.upload(client, files) });
  },
  'upload an edited copy': async (stage) => {
    const { client } = await stage.world.owner();
    const { world } = stage;
    return async () => {
      const files = { 'one.png': world.files['photo.png'], 'two.png': world.files['edited.png'] };
      return kept(stage, client, { files, results: await world.upload(client, files) });
    };
  },
  'remove, restore and purge': async ({ world }) => {
    const { client } = await world.owner();
    const results = await world.upload(client, { 'gone.bin': world.files['notes.bin'] });
    const id = results.get('gone.bin')?.id ?? '';
    return async () => {
      await client.remove(id);
      await client.restore(id);
      await client.remove(id);
      await client.purge(id);
      return done;
    };
  },
  report: onAda(async ({ ada }) => said((await ada.client.report()).formats)),
  'operator’s report': onAda(async ({ ada }) => said(Object.keys(await ada.client.operatorReport()))),
  users: onAda(async ({ ada }) => said((await all(ada.client.users())).map(({ username }) => username).slice(0, 1))),
  collect: onAda(async ({ ada }) => said(Object.keys(await ada.client.collect()))),
  logout: onNew(async ({ client }) => {
    await client.logout();
    return { sure: () => client.account };
  }),
  'close the account': onNew(async ({ client, username }) => {
    await client.closeAccount({ username, password: testPassword });
    return { sure: () => client.account };
  }),
} as const satisfies Readonly<Record<string, Scenario>>;

/** Under shared existence: blocks that another account has are claimed. */
export const claiming: Readonly<Record<string, Scenario>> = {
  'upload what another account has': async (stage) => {
    const { client } = await stage.world.owner({ domain: 'open' });
    return async () => {
      const files = { 'mine too.png': stage.world.files['photo.png'], 'notes.bin': stage.world.files['notes.bin'] };
      return kept(stage, client, { files, results: await stage.world.upload(client, files) });
    };
  },
};

function download(name: ImageName): Scenario {
  return onAda(async ({ ada, world }) => {
    const bytes = await downloaded(ada.client, world.id(name));
    return { sure: () => Buffer.compare(bytes, world.files[name]) === 0 };
  });
}

/** Turns it on. */
async function withSecondFactor(client: DiceClient): Promise<{ readonly backupCodes: readonly string[] }> {
  const { secret } = await client.beginSecondFactor({ password: testPassword });
  return client.confirmSecondFactor(codeNow(secret));
}

/** What becomes of a login by password alone. */
async function loginCode(world: HostileWorld, username: string): Promise<string> {
  const client = await world.connect();
  return codeOf(client.login({ username, password: testPassword }));
}

function upload(): Scenario {
  return async (stage) => {
    const { client } = await stage.world.owner();
    const files = stage.world.freshFiles();
    return async () => kept(stage, client, { files, results: await stage.world.upload(client, files) });
  };
}

/** As a page's fetch: with the cookie of its origin. */
function cookieFetch(inner: Fetch, origin: string): Fetch {
  let cookie = '';
  return async (url, init) => {
    // The transport gives a plain record.
    const response = await inner(url, { ...init, headers: { ...(init.headers as Record<string, string>), origin, cookie } });
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    return response;
  };
}
