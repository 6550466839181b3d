/**
 * A server that is killed at every step of a change of password, of recovery words, or of a recovery.
 */
import { credentialKills } from '../support/credential-kills.js';

credentialKills({ first: 1, stride: 1, least: 12 });
