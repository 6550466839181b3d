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

/** Of an answer about the packages `which`, such as those "that operators run". */
export function auditSentence(text: string, which: string): AuditSentence {
  const answer = parsed(text);
  if (answer?.vulnerabilities === undefined) {
    return { status: 2, sentence: `Nothing was audited of the packages ${which}: the registry has no audit endpoint, or was not reached (${answer?.message ?? 'npm gave no answer'}). Ask another one with --registry in .npmrc.` };
  }
  const found = Object.entries(answer.vulnerabilities).map(([name, { severity, range }]) => `${name} ${range}: ${severity}`);
  if (found.length > 0) return { status: 1, sentence: `Something is known against ${String(found.length)} of the packages ${which}:\n${found.join('\n')}` };
  return { status: 0, sentence: `Nothing is known against the ${String(answer.metadata?.dependencies?.total ?? '')} packages ${which}.` };
}

/** The status of several audits: what is known weighs more than what nobody could tell, and that more than nothing. */
export function statusOf(audits: readonly AuditSentence[]): AuditSentence['status'] {
  const statuses = audits.map(({ status }) => status);
  return ([1, 2] as const).find((status) => statuses.includes(status)) ?? 0;
}

function parsed(text: string): AuditAnswer | undefined {
  try {
    return JSON.parse(text) as AuditAnswer; // npm's; every member is asked for
  } catch {
    return undefined;
  }
}
