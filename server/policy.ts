/**
 * What the operator decided, in the words of the rules.
 */
import type { Policy } from './core/contract.js';
import { defaultPolicy } from './core/services.js';
import type { Config } from './config.js';

const dayMs = 24 * 3_600_000;

/** Policy of `config`; all else keeps its usual number. */
export function policyOf(config: Config): Policy {
  const { existence, signup, quotaBytes, trashDays, graceMs } = config;
  return { ...defaultPolicy, existence, signup, quotaBytes, graceMs, trashMs: trashDays * dayMs };
}
