/**
 * What an answer of `npm audit --json` amounts to. No answer is never taken for a good one.
 */

/** Status 0: nothing is known; 1: something is; 2: nobody was asked. */
export interface AuditSentence {
  readonly status: 0 | 1 | 2;
  readonly sentence: string;
}

interface AuditAnswer {
  readonly message?: string;
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
  readonly metadata?: { readonly dependencies?: { readonly total?: number } };
}

export function auditSentence(text: string): AuditSentence {
  const answer = parsed(text);
  if (answer?.vulnerabilities === undefined) {
    return { status: 2, sentence: `Nothing was audited: the registry has no audit endpoint, or was not reached (${answer?.message ?? 'npm gave no answer'}). Ask another one with --registry in .npmrc.` };
  }
  const found = Object.entries(answer.vulnerabilities).map(([name, { severity, range }]) => `${name} ${range}: ${severity}`);
  if (found.length > 0) return { status: 1, sentence: `Something is known against ${String(found.length)} package(s):\n${found.join('\n')}` };
  return { status: 0, sentence: `Nothing is known against ${String(answer.metadata?.dependencies?.total ?? 'the')} packages.` };
}

function parsed(text: string): AuditAnswer | undefined {
  try {
    return JSON.parse(text) as AuditAnswer; // npm's; every member is asked for
  } catch {
    return undefined;
  }
}
