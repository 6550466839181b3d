/**
 * A server that is killed at some steps of a change of password, of recovery words, or of a recovery. All steps: test/long.
 */
import { credentialKills } from '../support/credential-kills.js';

credentialKills({ first: 3, stride: 5, least: 2 });
