/**
 * The stage on which lies are told: a world with two accounts and what can be taken from one place and put in another.
 */
import { base64Of, bytesOfBase64 } from '../../client-sdk/protocol/bytes.js';
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import type { Stage } from './hostile-outcomes.js';
import { HostileWorld, type Plant } from './hostile-world.js';
import type { OtherAnswer } from './json-lies.js';
import { connectWith } from '../../client-sdk/client.js';
import type { CacheRows } from './memory-cache.js';
import type { Elsewhere } from './mutations.js';
import { testPassword } from './sdk-client.js';

export interface HostileStage extends Stage {
  readonly elsewhere: Elsewhere;
}

/** A stage with all its images, honest so far. With `plant` all of its clients have a fault. */
export async function openStage(existence: 'own' | 'shared' = 'own', plant?: Plant): Promise<HostileStage> {
  const world = await HostileWorld.open(existence, plant);
  const ada = await world.owner(existence === 'own' ? {} : { domain: 'open' });
  // As the scenarios leave it, so that each finds what the others found.
  await ada.client.changeEmail('ada@example.org');
  if (existence === 'own') await ada.client.changeDomain('group');
  const early: CacheRows = new Map();
  const ofAda = await world.reader(ada.client);
  const older = await ofAda('/account/head');
  await world.fill(ada.client, async (stored) => {
    if (stored === 1) await (await world.resumed(ada.client, early)).head();
  });
  const bob = await world.owner();
  const [bobs] = (await world.upload(bob.client, { 'of-bob.bin': world.files['notes.bin'] })).values();
  const honest = await connectWith(world.platform({ fetch: (url, init) => fetch(url, init) }), { server: world.server.url });
  await honest.login({ username: ada.username, password: testPassword });
  const foreign = await world.blockOf(bob.client, bobs?.id ?? '');
  const ofBob = await world.reader(bob.client);
  const asked = [['listImages', '/images'], ['readHead', '/account/head'], ['listHeads', '/account/heads?after=0'], ['readAccount', '/account'], ['readUsage', '/account/usage'], ['listSessions', '/sessions'], ['listInvitations', '/invitations']] as const;
  const others: Partial<Record<RouteName, readonly OtherAnswer[]>> = {};
  for (const [route, path] of asked) others[route] = [{ whose: 'another account', json: await ofBob(path) }];
  const trash = { whose: 'the trash', json: await ofAda('/images?trash=true') };
  const records = [{ whose: 'another image', json: await ofAda(`/images/${world.id('notes.bin')}`) }, { whose: 'another account', json: await ofBob(`/images/${bobs?.id ?? ''}`) }];
  others.listImages = [...(others.listImages ?? []), trash];
  others.readHead = [...(others.readHead ?? []), { whose: 'an older state', json: older }];
  others.listHeads = [...(others.listHeads ?? []), { whose: 'an older state', json: await ofAda('/account/heads?after=0') }];
  others.readImage = records;
  others.readImages = records.map(({ whose, json }) => ({ whose, json: { records: [json] } }));
  for (const route of ['login', 'changeCredentials', 'register'] as const) others[route] = [{ whose: 'another account', json: { account: others.readAccount?.[0]?.json } }];
  return { world, ada, early, honest, elsewhere: { foreign, others, sealed: sealedIn({ account: await ofAda('/account'), photo: await ofAda(`/images/${world.id('photo.png')}`), notes: records[0]?.json, foreign: records[1]?.json, stranger: others.readAccount?.[0]?.json }) } };
}

/** All sealed objects of some answers, by where they stand. */
function sealedIn(answers: Readonly<Record<string, unknown>>): ReadonlyMap<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  const walk = (value: unknown, at: string): void => {
    if (typeof value === 'string' && value.startsWith(base64Of(Buffer.from('DSO')))) found.set(at, bytesOfBase64(value) ?? new Uint8Array());
    if (typeof value === 'object' && value !== null) for (const [name, member] of Object.entries(value)) walk(member, `${at}.${name}`);
  };
  for (const [name, answer] of Object.entries(answers)) walk(answer, name);
  return found;
}
