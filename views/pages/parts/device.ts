/** What the list of sessions calls this browser. Only what tells one's own devices apart. */

const browsers = [['Edg', 'Edge'], ['OPR', 'Opera'], ['Firefox', 'Firefox'], ['Chrome', 'Chrome'], ['Safari', 'Safari']] as const;
const systems = [['Android', 'Android'], ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Windows', 'Windows'], ['Mac OS', 'Mac'], ['Linux', 'Linux']] as const;

/** `Firefox on Linux`, or less where the browser tells less. */
export function deviceName(agent = navigator.userAgent): string {
  const browser = browsers.find(([sign]) => agent.includes(sign))?.[1] ?? 'Browser';
  const system = systems.find(([sign]) => agent.includes(sign))?.[1];
  return system === undefined ? browser : `${browser} on ${system}`;
}
