/**
 * The environment: defaults, every variable, and all mistakes at once.
 */
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigMistakes, readConfig } from '../../server/config.js';

function mistakesOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigMistakes) return error.mistakes;
    throw error;
  }
  return [];
}

describe('configuration', () => {
  it('needs nothing: a purely local server is open, in the paper’s domain, on loopback', () => {
    expect(readConfig({})).toMatchObject({
      port: 3000, host: '127.0.0.1', dataDirectory: path.resolve('data'), existence: 'own', defaultDomain: 'open', signup: 'open',
      trustProxy: undefined, quotaBytes: undefined, publicUrl: undefined, trashDays: 30, logLevel: 'info', scrubPeriodMs: 30 * 86_400_000, scrubBytesPerSecond: 33_554_432, parityPercent: 0, bodyBytes: undefined,
    });
  });

  it('takes every variable', () => {
    const config = readConfig({
      PORT: '0', HOST: '0.0.0.0', DICE_DATA_DIR: '/srv/dice', DICE_EXISTENCE: 'shared', DICE_CONFIRM_SHARED: 'yes', DICE_DEFAULT_DOMAIN: 'open',
      DICE_SIGNUP: 'invite', DICE_TRUST_PROXY: '2', DICE_QUOTA_BYTES: '1000', DICE_MAX_IMAGE_BYTES: '5', DICE_PUBLIC_URL: 'https://images.example.org',
      DICE_TRASH_DAYS: '0', DICE_LOG_LEVEL: 'warn', DICE_GRACE_MINUTES: '0', DICE_SWEEP_MINUTES: '0', DICE_SCRUB_DAYS: '7', DICE_SCRUB_BYTES_PER_SECOND: '65536',
      DICE_METRICS_TOKEN: 'a'.repeat(24), DICE_DRAIN_SECONDS: '600', DICE_PARITY_PERCENT: '5', DICE_BODY_BYTES: '67108864',
    });
    expect(config).toMatchObject({
      port: 0, host: '0.0.0.0', dataDirectory: '/srv/dice', existence: 'shared', isSharedConfirmed: true, defaultDomain: 'open', signup: 'invite',
      trustProxy: 2, quotaBytes: 1000, maxImageBytes: 5, trashDays: 0, logLevel: 'warn', graceMs: 0, sweepIntervalMs: 0, scrubPeriodMs: 7 * 86_400_000, scrubBytesPerSecond: 65_536,
      metricsToken: 'a'.repeat(24), drainMs: 600_000, parityPercent: 5, bodyBytes: 67_108_864,
    });
    expect(config.publicUrl?.origin).toBe('https://images.example.org');
  });

  it('offers the personal domain as soon as others can reach the server', () => {
    expect(readConfig({ HOST: '0.0.0.0', DICE_SIGNUP: 'open' }).defaultDomain).toBe('personal');
    expect(readConfig({ DICE_PUBLIC_URL: 'https://images.example.org', DICE_SIGNUP: 'open' }).defaultDomain).toBe('personal');
    expect(readConfig({ DICE_TRUST_PROXY: 'loopback', DICE_SIGNUP: 'open' }).defaultDomain).toBe('personal');
  });

  it('wants DICE_SIGNUP named on an address that others can reach', () => {
    expect(mistakesOf({ HOST: '0.0.0.0' })).toEqual([expect.stringMatching(/^DICE_SIGNUP must be named/)]);
    expect(mistakesOf({ HOST: '0.0.0.0', DICE_SIGNUP: 'closed' })).toEqual([]);
  });

  it('reports all mistakes at once, each with what to do', () => {
    const mistakes = mistakesOf({
      PORT: '65536', DICE_EXISTENCE: 'all', DICE_QUOTA_BYTES: '1GB', DICE_TRASH_DAYS: '-1', DICE_PUBLIC_URL: 'images.example.org/x', DICE_TRUST_PROXY: 'yes',
      DICE_DATABSE_DIR: 'x', DICE_S3_BUCKET: 'b', DICE_DATABASE_URL: 'postgres://me:sesame@host', DICE_METRICS_TOKEN: 't', DICE_LOG_LEVEL: 'loud', DICE_SIGNUP: 'maybe',
    });
    for (const name of ['PORT', 'DICE_EXISTENCE', 'DICE_QUOTA_BYTES', 'DICE_TRASH_DAYS', 'DICE_PUBLIC_URL', 'DICE_TRUST_PROXY', 'DICE_DATABSE_DIR',
      'DICE_S3_ACCESS_KEY_ID', 'DICE_S3_SECRET_ACCESS_KEY', 'DICE_DATABASE_URL', 'DICE_METRICS_TOKEN', 'DICE_LOG_LEVEL', 'DICE_SIGNUP']) {
      expect(mistakes.filter((mistake) => mistake.startsWith(`${name} `))).toHaveLength(1);
    }
    expect(mistakes).toHaveLength(13);
    expect(mistakes.join('\n')).not.toMatch(/sesame/);
  });

  it('takes a PostgreSQL database and a bucket, and says what of a bucket is missing or wrong', () => {
    expect(readConfig({})).toMatchObject({ databaseUrl: undefined, bucket: undefined });
    expect(readConfig({ DICE_DATABASE_URL: 'postgresql://dice@db/dice' }).databaseUrl).toBe('postgresql://dice@db/dice');
    const keys = { DICE_S3_ACCESS_KEY_ID: 'id', DICE_S3_SECRET_ACCESS_KEY: 'secret' };
    const given = { ...keys, DICE_S3_BUCKET: 'images', DICE_S3_ENDPOINT: 'https://s3.example.org', DICE_S3_PREFIX: 'dice/one/' };
    expect(readConfig(given).bucket).toEqual({
      bucket: 'images', endpoint: new URL('https://s3.example.org'), region: 'us-east-1', prefix: 'dice/one/', accessKeyId: 'id', secretAccessKey: 'secret',
    });
    expect(mistakesOf({ DICE_S3_REGION: 'eu-1' })).toHaveLength(3);
    for (const prefix of ['no slash', '../up/', '/']) expect(mistakesOf({ ...given, DICE_S3_PREFIX: prefix })).toEqual([expect.stringMatching(/^DICE_S3_PREFIX must be/)]);
    expect(mistakesOf({ ...given, DICE_PARITY_PERCENT: '5' })).toEqual([expect.stringMatching(/^DICE_PARITY_PERCENT is for packs in the data directory, and DICE_S3_BUCKET keeps them/)]);
    expect(mistakesOf({ ...given, DICE_PARITY_PERCENT: '0' })).toEqual([]);
    expect(mistakesOf({ DICE_PARITY_PERCENT: '101' })).toHaveLength(1);
    expect(mistakesOf({ ...given, DICE_S3_ENDPOINT: 'https://me:secret@s3.example.org' })).toEqual([expect.stringMatching(/^DICE_S3_ENDPOINT must be the address of the object store/)]);
    for (const url of ['mysql://db/dice', 'postgres://db', 'dice']) expect(mistakesOf({ DICE_DATABASE_URL: url })).toEqual([expect.stringMatching(/^DICE_DATABASE_URL must be/)]);
  });

  it.each(['a'.repeat(23), 'a'.repeat(257), `${'a'.repeat(20)} ${'b'.repeat(20)}`, 'ä'.repeat(30)])('refuses the metrics token "%s", and does not repeat it', (token) => {
    const [mistake, ...others] = mistakesOf({ DICE_METRICS_TOKEN: token });
    expect(others).toEqual([]);
    expect(mistake).toMatch(/^DICE_METRICS_TOKEN must have 24 to 256/);
    expect(mistake).not.toContain(token);
  });

  it('leaves the client’s variables alone, and empty ones', () => {
    expect(mistakesOf({ DICE_SERVER: 'x', DICE_USERNAME: 'x', DICE_PASSWORD: 'x', DICE_HOME: 'x', DICE_QUOTA_BYTES: '', PORT: ' ' })).toEqual([]);
  });

  it.each([['0', 0], ['1', 1], ['65534', 65_534], ['65535', 65_535]])('takes port %s', (text, port) => {
    expect(readConfig({ PORT: text }).port).toBe(port);
  });

  it.each(['', ' ', 'loopback', '10.0.0.0/8, 192.168.1.1', '::1'])('takes the proxies "%s"', (text) => {
    expect(mistakesOf({ DICE_TRUST_PROXY: text, DICE_SIGNUP: 'open' })).toEqual([]);
  });
});
