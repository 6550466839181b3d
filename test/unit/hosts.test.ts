/**
 * Host, Origin and the question whether a request is local beyond doubt.
 */
import { describe, expect, it } from '@jest/globals';
import { isHostAllowed, isOriginAllowed, isTrustedLocal, type Reach } from '../../server/http/hosts.js';

const local: Reach = { publicUrl: undefined, hasProxy: false };
const named: Reach = { publicUrl: new URL('https://images.example.org'), hasProxy: false };

describe('the host check', () => {
  it.each(['localhost', 'LOCALHOST:3000', '127.0.0.1:3000', '127.9.9.9', '[::1]:80', 'dice.localhost'])('takes the loopback name %s', (host) => {
    expect(isHostAllowed(host, local)).toBe(true);
  });

  it.each([undefined, '', 'evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', 'user@localhost', 'localhost:x', '128.0.0.1', '[::2]', 'a b'])(
    'refuses %s', (host) => { expect(isHostAllowed(host, local)).toBe(false); },
  );

  it('takes the public name and no other', () => {
    expect(isHostAllowed('images.example.org', named)).toBe(true);
    expect(isHostAllowed('Images.Example.org:443', named)).toBe(true);
    expect(isHostAllowed('example.org', named)).toBe(false);
  });
});

describe('the origin check', () => {
  it('takes loopback pages of the very same host and port', () => {
    expect(isOriginAllowed('http://localhost:3000', 'localhost:3000', local)).toBe(true);
    expect(isOriginAllowed('http://localhost:3001', 'localhost:3000', local)).toBe(false);
    expect(isOriginAllowed('http://127.0.0.1:3000', 'localhost:3000', local)).toBe(false);
  });

  it('takes the public origin, whatever Host a proxy made of it, but not over plain http', () => {
    expect(isOriginAllowed('https://images.example.org', '127.0.0.1:3000', named)).toBe(true);
    expect(isOriginAllowed('http://images.example.org', 'images.example.org', named)).toBe(false);
  });

  it.each(['null', '', 'https://evil.example', 'http://localhost:3000/', 'http://localhost:3000@evil.example', 'http://evil.localhost.example'])('refuses %s', (origin) => {
    expect(isOriginAllowed(origin, 'localhost:3000', local)).toBe(false);
  });
});

describe('a request that is local beyond doubt', () => {
  it.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])('comes from %s', (remoteAddress) => {
    expect(isTrustedLocal({ headers: {}, remoteAddress }, local)).toBe(true);
  });

  it.each(['10.0.0.1', '::ffff:10.0.0.1', undefined])('does not come from %s', (remoteAddress) => {
    expect(isTrustedLocal({ headers: {}, remoteAddress }, local)).toBe(false);
  });

  it.each(['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip'])('does not carry %s', (name) => {
    expect(isTrustedLocal({ headers: { [name]: '' }, remoteAddress: '127.0.0.1' }, local)).toBe(false);
  });

  it('does not reach a server that has a public address or a proxy', () => {
    expect(isTrustedLocal({ headers: {}, remoteAddress: '127.0.0.1' }, named)).toBe(false);
    expect(isTrustedLocal({ headers: {}, remoteAddress: '127.0.0.1' }, { publicUrl: undefined, hasProxy: true })).toBe(false);
  });
});
