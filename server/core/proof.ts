/**
 * What shows who somebody is: the authKey with, where a second factor is on, a code; or the recovery words. Failures are counted before the next
 * try of a network is looked at. SPEC.md sections 8 and 12.
 */
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { AccountRow, SecondFactor } from '../ports/account-store.js';
import { isEqualSecret } from './constant-time.js';
import type { Origin, Parts } from './contract.js';
import { networkOf } from './network.js';
import { createQueue } from './queue.js';
import { worthOf } from './second-factor.js';
import type { Throttle } from './throttle.js';

/** What shows ownership: either secret, and a code beside the former. */
export interface Proof {
  readonly username: string;
  readonly authKey?: Uint8Array;
  readonly recoveryAuth?: Uint8Array;
  readonly code?: string;
}

/** What is asked of a second factor that is on: nothing, a right code, or one that is used up by this. */
export type CodeRule = 'none' | 'shown' | 'spent';

/** The account that was proved, and its factor as it has to be from now on: without a backup code that was used, undefined after words alone. */
export interface Proven {
  readonly account: AccountRow;
  readonly factor: SecondFactor | undefined;
}

/** Throws Refusal credentials-wrong, rate-limited, second-factor-required, second-factor-wrong. */
export type Prove = (proof: Proof, origin: Origin, rule: CodeRule) => Promise<Proven>;

/** Tries of one network wait for each other: none is let in before the failure of the one before it is counted. */
export function createProving(parts: Parts, throttle: Throttle): Prove {
  const tries = createQueue();
  return (proof, origin, rule) => tries.run(networkOf(origin.address), () => compare({ parts, throttle }, { proof, origin, rule }));
}

interface Desk {
  readonly parts: Parts;
  readonly throttle: Throttle;
}

interface Try {
  readonly proof: Proof;
  readonly origin: Origin;
  readonly rule: CodeRule;
}

/** An unknown user is compared with a hash that nothing has. A code is looked at only after the right secret: a wrong one tells nothing of it. */
async function compare(desk: Desk, { proof, origin, rule }: Try): Promise<Proven> {
  const { parts, throttle } = desk;
  throttle.check(proof.username, origin.address);
  const account = await parts.stores.accounts.findByName(proof.username);
  const nobody = parts.world.hasher.hmacSha256(parts.secrets.saltKey, utf8('dice/1/nobody'));
  const isAuth = isSecretOf(parts, proof.authKey, account?.authHash ?? nobody);
  const isRecovery = isSecretOf(parts, proof.recoveryAuth, account?.recoveryHash ?? nobody);
  if (account === undefined || !(isAuth || isRecovery)) {
    throttle.failed(proof.username, origin.address);
    throw new Refusal('credentials-wrong');
  }
  const factor = rule === 'none' ? account.factor : await afterCode(desk, account, { proof, origin, rule, isRecovery });
  throttle.succeeded(proof.username, origin.address);
  return { account, factor };
}

async function afterCode({ parts, throttle }: Desk, { accountId, factor }: AccountRow, tried: Try & { readonly isRecovery: boolean }): Promise<SecondFactor | undefined> {
  const { proof: { username, code }, origin, rule, isRecovery } = tried;
  if (factor?.isOn !== true) return factor;
  if (code === undefined) {
    if (isRecovery) return undefined;
    // Neither a failure nor a success: otherwise a right password would wipe out the wrong codes before it.
    throw new Refusal('second-factor-required');
  }
  throttle.checkCode(accountId);
  const { hasher, clock } = parts.world;
  const worth = worthOf(factor, code, { now: clock.now(), hasher });
  const isSpent = worth?.kind === 'step' && rule === 'spent' ? await parts.stores.accounts.spendStep(accountId, worth.step) : worth !== undefined;
  if (worth === undefined || !isSpent) {
    throttle.failed(username, origin.address);
    throttle.failedCode(accountId);
    throw new Refusal('second-factor-wrong');
  }
  return worth.kind === 'step' ? { ...factor, usedStep: worth.step } : { ...factor, codeHashes: worth.codeHashes };
}

function isSecretOf(parts: Parts, secret: Uint8Array | undefined, hash: Uint8Array): boolean {
  return secret !== undefined && isEqualSecret(parts.world.hasher.sha256(secret), hash);
}
