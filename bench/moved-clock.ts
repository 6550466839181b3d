/**
 * Moves the clock of this process, so that a store that is made in minutes tells of years. Timers keep the machine's time.
 */

const machineNow = Date.now.bind(Date);
let offsetMs = 0;

/** From now on `Date.now` tells `ms` more than the machine's clock. */
export function moveClock(ms: number): void {
  offsetMs = ms;
  Date.now = () => machineNow() + offsetMs;
}
