import { expect, it } from '@jest/globals';
import { auditSentence } from '../support/audit-answer.js';

it.each([
  ['a registry without the endpoint', '{"message":"405 Method Not Allowed","statusCode":405}', 2, /no audit endpoint.*405/],
  ['a text that is no JSON', 'npm error', 2, /was not reached/],
  ['no text', '', 2, /npm gave no answer/],
  ['a package with a known hole', '{"vulnerabilities":{"odd":{"severity":"high","range":"<2.0.0"}}}', 1, /odd <2\.0\.0: high/],
  ['nothing known', '{"vulnerabilities":{},"metadata":{"dependencies":{"total":7}}}', 0, /against 7 packages/],
] as const)('an audit tells %s from a good answer', (...row) => {
  const [, text, status, sentence] = row;
  expect(auditSentence(text)).toMatchObject({ status, sentence: expect.stringMatching(sentence) });
});
