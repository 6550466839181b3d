import { expect, it } from '@jest/globals';
import { auditSentence, statusOf } from '../support/audit-answer.js';

it.each([
  ['a registry without the endpoint', '{"message":"405 Method Not Allowed","statusCode":405}', 2, /no audit endpoint.*405/],
  ['a text that is no JSON', 'npm error', 2, /was not reached/],
  ['no text', '', 2, /npm gave no answer/],
  ['a package with a known hole', '{"vulnerabilities":{"odd":{"severity":"high","range":"<2.0.0"}}}', 1, /odd <2\.0\.0: high/],
  ['nothing known', '{"vulnerabilities":{},"metadata":{"dependencies":{"total":7}}}', 0, /against the 7 packages that operators run/],
] as const)('an audit tells %s from a good answer', (...row) => {
  const [, text, status, sentence] = row;
  expect(auditSentence(text, 'that operators run')).toMatchObject({ status, sentence: expect.stringMatching(sentence) });
});

it.each([[[0, 0], 0], [[0, 2], 2], [[2, 1], 1], [[1, 0], 1], [[2, 2], 2]] as const)('audits of status %j end with %i', (statuses, status) => {
  expect(statusOf(statuses.map((of) => ({ status: of, sentence: '' })))).toBe(status);
});
